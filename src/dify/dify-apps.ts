import { Injectable } from '@nestjs/common';
import type { DifyConnection } from '../common/dify.js';
import { TtlCache } from '../common/ttl-cache.js';
import { type DifyAppInfo, DifyClient } from './dify.client.js';
import { type AppForm, readForm } from './inputs/input-form.js';

/** A change of an app is noticed after so long at the latest. */
const MAX_AGE_MS = 60_000;
const MAX_APPS = 1_000;

/** What tells one app from another: Dify chooses the app by the key. */
export type AppKey = Pick<DifyConnection, 'baseUrl' | 'apiKey'>;

/** Name, mode and forms of apps, remembered for a short time: no turn should wait for them. */
@Injectable()
export class DifyApps {
  private readonly infos: TtlCache<string, DifyAppInfo>;
  private readonly forms: TtlCache<string, AppForm>;

  constructor(client: DifyClient) {
    const options = { ttlMs: MAX_AGE_MS, maxEntries: MAX_APPS };
    this.infos = new TtlCache((key) => client.info(connectionOf(key)), options);
    this.forms = new TtlCache(async (key) => readForm(await client.parameters(connectionOf(key))), options);
  }

  info(app: AppKey): Promise<DifyAppInfo> {
    return this.infos.get(keyOf(app));
  }

  /** What it asks for, and which files it takes. */
  form(app: AppKey): Promise<AppForm> {
    return this.forms.get(keyOf(app));
  }
}

function keyOf({ baseUrl, apiKey }: AppKey): string {
  return JSON.stringify([baseUrl, apiKey]);
}

function connectionOf(key: string): DifyConnection {
  const [baseUrl, apiKey] = JSON.parse(key) as [string, string];

  return { baseUrl, apiKey, appId: null, mode: null, inputs: {} };
}
