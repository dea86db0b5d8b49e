import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { AppError } from '../../common/app-error.js';
import { DIFY_MODES, type DifyConnection, type DifyMode, isDifyMode } from '../../common/contracts/dify.js';
import { asObject, type JsonObject } from '../../common/text/json.js';
import { within } from '../../common/async/within.js';
import { type DifyAppInfo, DifyClient } from './dify.client.js';
import { DifyError, sourceOf } from './dify.errors.js';
import { type AppForm, readForm } from '../inputs/input-form.js';

const MAX_APPS = 1_000;
/** An app keeps its kind; a wrong one is noticed by the error that it makes. */
const INFO_TTL_MS = 300_000;
/** Owners may change forms and switches at any time. */
const PARAMETERS_TTL_MS = 30_000;
/** Limit of the wait for a name or a form. */
const SHORT_TIMEOUT_MS = 1_500;

/** Caches what the apps say about themselves, so that a turn does not wait for it again. Failures are not cached. */
@Injectable()
export class DifyApps {
  private readonly infos = new LRUCache<string, DifyAppInfo, DifyConnection>({
    max: MAX_APPS,
    ttl: INFO_TTL_MS,
    fetchMethod: (_key, _stale, { context }) => this.client.info(context),
    ignoreFetchAbort: true,
  });
  private readonly forms = new LRUCache<string, JsonObject, DifyConnection>({
    max: MAX_APPS,
    ttl: PARAMETERS_TTL_MS,
    fetchMethod: (_key, _stale, { context }) => this.client.parameters(context),
    ignoreFetchAbort: true,
  });

  constructor(private readonly client: DifyClient) {}

  /** Returns an app's name, mode and description. @param refresh asks the app even if the answer is cached */
  info(connection: DifyConnection, refresh = false): Promise<DifyAppInfo> {
    return this.infos.forceFetch(keyOf(connection), { context: connection, forceRefresh: refresh });
  }

  /** Returns an app's parameters as they came. */
  parameters(connection: DifyConnection): Promise<JsonObject> {
    return this.forms.forceFetch(keyOf(connection), { context: connection });
  }

  /** Returns the app's form, and which files it accepts. */
  async form(connection: DifyConnection): Promise<AppForm> {
    return readForm(await this.parameters(connection));
  }

  /** Returns the form; null when the app does not answer soon enough. Never fails. */
  async tryForm(connection: DifyConnection): Promise<AppForm | null> {
    return within(SHORT_TIMEOUT_MS, 'the app does not answer', this.form(connection)).catch(() => null);
  }

  /**
   * Returns the kind of an app.
   * @param refresh asks the app even if the answer is cached
   * @throws AppError dify_app_unavailable when it is unknown
   */
  async mode(connection: DifyConnection, refresh = false): Promise<DifyMode> {
    const mode = await this.info(connection, refresh).then(
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

  /** Returns a label for an app: its own name, if the app answers soon enough. Never fails. */
  async label(connection: DifyConnection): Promise<string> {
    const fallback = connection.appId ?? connection.mode ?? 'Dify app';
    try {
      const { name, mode } = await within(SHORT_TIMEOUT_MS, 'the app does not answer', this.info(connection));

      return name || (mode ?? fallback);
    } catch {
      return fallback;
    }
  }
}

/** Identifies an app without revealing its key. */
export function fingerprintOf(connection: DifyConnection): string {
  return createHash('sha256').update(keyOf(connection)).digest('hex').slice(0, 32);
}

const keyOf = ({ baseUrl, apiKey }: DifyConnection) => JSON.stringify([baseUrl, apiKey]);
