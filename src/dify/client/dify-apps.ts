import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { AppError } from '../../common/app-error.js';
import { DIFY_MODES, type DifyConnection, type DifyMode, isDifyMode } from '../../common/dify.js';
import { asObject, type JsonObject } from '../../common/json.js';
import { TtlCache } from '../../common/ttl-cache.js';
import { within } from '../../common/within.js';
import { type DifyAppInfo, DifyClient } from './dify.client.js';
import { DifyError, sourceOf } from './dify.errors.js';
import { type AppForm, readForm } from '../inputs/input-form.js';

const MAX_APPS = 1_000;
/** An app keeps its kind; a wrong one is noticed by the error that it makes. */
const INFO_TTL_MS = 300_000;
/** Its owner may change forms and switches at any time. */
const PARAMETERS_TTL_MS = 30_000;
/** A name or a form is worth a short wait only. */
const PATIENCE_MS = 1_500;

/** What the apps are, remembered for a while: a turn should not wait for questions that were just answered. */
@Injectable()
export class DifyApps {
  private readonly infos: TtlCache<string, DifyAppInfo>;
  private readonly forms: TtlCache<string, JsonObject>;

  constructor(private readonly client: DifyClient) {
    this.infos = new TtlCache((key) => client.info(connectionOf(key)), { ttlMs: INFO_TTL_MS, maxEntries: MAX_APPS });
    this.forms = new TtlCache((key) => client.parameters(connectionOf(key)), {
      ttlMs: PARAMETERS_TTL_MS,
      maxEntries: MAX_APPS,
    });
  }

  info(connection: DifyConnection): Promise<DifyAppInfo> {
    return this.infos.get(keyOf(connection));
  }

  parameters(connection: DifyConnection): Promise<JsonObject> {
    return this.forms.get(keyOf(connection));
  }

  /** What it asks for, and which files it takes. */
  async form(connection: DifyConnection): Promise<AppForm> {
    return readForm(await this.parameters(connection));
  }

  /** The same if it is told soon enough; else null. Never fails. */
  async formIfTold(connection: DifyConnection): Promise<AppForm | null> {
    return within(PATIENCE_MS, 'the app does not answer', this.form(connection)).catch(() => null);
  }

  /** The kind of an app. @param anew asks whatever is remembered @throws AppError dify_app_unavailable when it is unknown */
  async mode(connection: DifyConnection, anew = false): Promise<DifyMode> {
    const key = keyOf(connection);
    const mode = await (anew ? this.infos.refresh(key) : this.infos.get(key)).then(
      (info) => info.mode,
      (error: unknown) => {
        // Very old servers have no such call.
        if (error instanceof DifyError && error.providerStatus === 404 && connection.mode) return null;
        throw error;
      },
    );
    if (isDifyMode(mode)) return mode;
    const { host } = sourceOf(connection);
    if (mode !== null) {
      const known = DIFY_MODES.join(', ');
      throw new AppError('dify_app_unavailable', `The app at ${host} is of the kind "${mode}"; there are: ${known}`);
    }
    if (connection.mode) return connection.mode;
    throw new AppError('dify_app_unavailable', `${host} does not tell the kind of its app: set DIFY_APP_MODE`);
  }

  /** Questions that may follow a message; none when the app suggests none, or does not answer. Never fails. */
  async suggested(connection: DifyConnection, messageId: string, user: string): Promise<readonly string[]> {
    try {
      const { suggested_questions_after_answer: suggests } = await this.parameters(connection);
      if (asObject(suggests)?.['enabled'] !== true) return [];

      return await this.client.suggested(connection, messageId, user);
    } catch {
      return [];
    }
  }

  /** A name for an app: its own, if it is told soon enough. Never fails. */
  async label(connection: DifyConnection): Promise<string> {
    const fallback = connection.appId ?? connection.mode ?? 'Dify app';
    try {
      const { name, mode } = await within(PATIENCE_MS, 'the app does not answer', this.info(connection));

      return name || (mode ?? fallback);
    } catch {
      return fallback;
    }
  }
}

/** Tells apps apart without giving away their keys. */
export function fingerprintOf(connection: DifyConnection): string {
  return createHash('sha256').update(keyOf(connection)).digest('hex').slice(0, 32);
}

const keyOf = ({ baseUrl, apiKey }: DifyConnection) => JSON.stringify([baseUrl, apiKey]);

function connectionOf(key: string): DifyConnection {
  const [baseUrl = '', apiKey = ''] = JSON.parse(key) as string[];

  return { baseUrl, apiKey, appId: null, mode: null, inputs: {} };
}
