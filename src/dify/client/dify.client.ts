import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { AppError } from '../../common/app-error.js';
import type { DifyConnection, DifyMode } from '../../common/contracts/dify.js';
import { asText, isJsonObject, type JsonObject, parseJson } from '../../common/text/json.js';
import {
  ProviderHttp,
  type ProviderRequest,
  type ProviderResponse,
  readText,
} from '../../infra/http/client/provider-http.js';
import { errorFromReply, isLostConversation, isUnknown, protocolError, sourceOf } from './dify.errors.js';
import { asStorable } from '../../common/text/storable.js';

/** For calls that are answered at once; runs have deadlines of their own. */
const CALL_TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 8 * 1024 * 1024;

const RUN_PATHS: Readonly<Record<DifyMode, string>> = {
  chat: '/chat-messages',
  'agent-chat': '/chat-messages',
  'advanced-chat': '/chat-messages',
  agent: '/chat-messages',
  completion: '/completion-messages',
  workflow: '/workflows/run',
};

/** The reply of `GET /info`; older servers omit the mode. */
export interface DifyAppInfo {
  name: string;
  description: string;
  tags: string[];
  mode: string | null;
  author: string | null;
}

/** What a person has answered. */
export interface FormAnswer {
  action: string;
  inputs: JsonObject;
}

/** The calls of Dify's service API. Failures are `AppError`s with the codes of runs; nothing is retried here. */
@Injectable()
export class DifyClient {
  constructor(private readonly http: ProviderHttp) {}

  async info(connection: DifyConnection): Promise<DifyAppInfo> {
    const info = await this.call(connection, 'GET', '/info');
    const { name, description, tags, mode, author_name: author } = info;

    return {
      name: asText(name) ?? '',
      description: asText(description) ?? '',
      tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
      mode: asText(mode) ?? null,
      author: asText(author) ?? null,
    };
  }

  /** The app's forms, switches and limits, as Dify sends them. */
  parameters(connection: DifyConnection): Promise<JsonObject> {
    return this.call(connection, 'GET', '/parameters');
  }

  /** Starts a run; the reply streams. */
  run(connection: DifyConnection, mode: DifyMode, body: JsonObject, signal: AbortSignal): Promise<ProviderResponse> {
    return this.stream(connection, { method: 'POST', ...this.json(connection, RUN_PATHS[mode], body) }, signal);
  }

  /** Joins a run of a workflow or chatflow: the reply replays its events, then streams. */
  events(connection: DifyConnection, runId: string, user: string, signal: AbortSignal): Promise<ProviderResponse> {
    const query = `user=${encodeURIComponent(user)}&include_state_snapshot=true`;
    const url = `${connection.baseUrl}/workflow/${encodeURIComponent(runId)}/events?${query}`;

    return this.stream(connection, { method: 'GET', url, headers: headersOf(connection) }, signal);
  }

  /** Requests a stop. Dify answers `success` in any case: only the run itself shows whether it has stopped. */
  async stop(connection: DifyConnection, mode: DifyMode, taskId: string, user: string): Promise<void> {
    await this.call(connection, 'POST', stopPath(mode, encodeURIComponent(taskId)), { user });
  }

  /** Whether the app knows a conversation of this user; true when it does not tell. */
  async knowsConversation(connection: DifyConnection, conversationId: string, user: string): Promise<boolean> {
    const query = `conversation_id=${encodeURIComponent(conversationId)}&user=${encodeURIComponent(user)}&limit=1`;
    try {
      await this.call(connection, 'GET', `/messages?${query}`);

      return true;
    } catch (error) {
      return !isUnknown(error) && !isLostConversation(error);
    }
  }

  /** The state of a run of a workflow or chatflow. */
  runDetail(connection: DifyConnection, runId: string, signal?: AbortSignal): Promise<JsonObject> {
    return this.call(connection, 'GET', `/workflows/run/${encodeURIComponent(runId)}`, undefined, signal);
  }

  form(connection: DifyConnection, token: string): Promise<JsonObject> {
    return this.call(connection, 'GET', `/form/human_input/${encodeURIComponent(token)}`);
  }

  async submitForm(connection: DifyConnection, token: string, answer: FormAnswer, user: string): Promise<void> {
    await this.call(connection, 'POST', `/form/human_input/${encodeURIComponent(token)}`, { ...answer, user });
  }

  /** Questions that may follow a message. Runs a model on Dify's side: may take seconds. */
  async suggested(connection: DifyConnection, messageId: string, user: string): Promise<string[]> {
    const path = `/messages/${encodeURIComponent(messageId)}/suggested?user=${encodeURIComponent(user)}`;
    const { data } = await this.call(connection, 'GET', path);

    return Array.isArray(data) ? data.filter((question) => typeof question === 'string') : [];
  }

  async feedback(connection: DifyConnection, messageId: string, feedback: JsonObject): Promise<void> {
    await this.call(connection, 'POST', `/messages/${encodeURIComponent(messageId)}/feedbacks`, feedback);
  }

  /**
   * Forwards a multipart body while it arrives.
   * @param contentType with the body's boundary
   */
  async upload(
    connection: DifyConnection,
    body: Readable,
    contentType: string,
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const headers = { ...headersOf(connection), 'content-type': contentType };
    const request = { method: 'POST', url: `${connection.baseUrl}/files/upload`, headers, body } as const;

    return this.read(connection, await this.http.request(request, signal));
  }

  /** Returns a successful reply. @throws DifyError for any other status */
  private async checked(connection: DifyConnection, response: ProviderResponse): Promise<ProviderResponse> {
    if (response.status >= 200 && response.status < 300) return response;
    const text = await response.readError();
    throw errorFromReply(response.status, response.headers, text, sourceOf(connection));
  }

  private async stream(
    connection: DifyConnection,
    request: ProviderRequest,
    signal: AbortSignal,
  ): Promise<ProviderResponse> {
    return this.checked(connection, await this.http.request(request, signal));
  }

  private async call(
    connection: DifyConnection,
    method: ProviderRequest['method'],
    path: string,
    body?: JsonObject,
    signal?: AbortSignal,
  ): Promise<JsonObject> {
    const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
    try {
      const request = { method, ...this.json(connection, path, body) };

      return await this.read(connection, await this.http.request(request, either));
    } catch (error) {
      if (signal?.aborted || !timeout.aborted) throw error;
      const { host } = sourceOf(connection);
      throw new AppError('provider_timeout', `${host} did not answer within ${CALL_TIMEOUT_MS / 1000} s`, {
        retryable: true,
      });
    }
  }

  private async read(connection: DifyConnection, response: ProviderResponse): Promise<JsonObject> {
    const { body } = await this.checked(connection, response);
    const { text, complete } = await readText(body, { maxBytes: MAX_REPLY_BYTES });
    const reply = parseJson(text);
    if (complete && isJsonObject(reply)) return asStorable(reply);
    await response.close();
    throw protocolError(sourceOf(connection), 'no JSON where Dify would; check DIFY_BASE_URL');
  }

  private json(connection: DifyConnection, path: string, body: JsonObject | undefined) {
    const headers = headersOf(connection);
    const url = connection.baseUrl + path;
    if (!body) return { url, headers };

    return {
      url,
      headers: { ...headers, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body), 'utf8'),
    };
  }
}

function headersOf({ apiKey }: DifyConnection): Record<string, string> {
  return { authorization: `Bearer ${apiKey}` };
}

function stopPath(mode: DifyMode, taskId: string): string {
  return mode === 'workflow' ? `/workflows/tasks/${taskId}/stop` : `${RUN_PATHS[mode]}/${taskId}/stop`;
}
