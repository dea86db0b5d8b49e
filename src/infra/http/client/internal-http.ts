import type { OnModuleDestroy } from '@nestjs/common';
import type { AxiosInstance } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isJsonObject, type JsonObject } from '../../../common/text/json.js';
import { createAxios, withoutRequest } from './axios-client.js';
import { firstPart } from '../../../common/text/text-cut.js';

/** For calls that say no other limit. */
const TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 1024 * 1024;
/** Fields in which servers describe a failure, some with status 200. */
const MESSAGE_FIELDS = ['error_msg', 'detail', 'message'];
const MAX_MESSAGE = 500;

export interface InternalReply {
  status: number;
  /** The JSON object of the reply; empty for any other body. */
  body: JsonObject;
  /** Description of a failure by the server; may be empty. */
  message: string;
}

/** What is other than usual in a call. */
export interface SendOptions {
  timeoutMs?: number;
  maxReplyBytes?: number;
  /** In place of the internal token. */
  bearer?: string;
  signal?: AbortSignal;
}

/**
 * Calls between the API and an executor manager, with the internal token. The address is the operator's, so that no
 * egress rules apply.
 */
export class InternalHttp implements OnModuleDestroy {
  private readonly http = new HttpAgent({ keepAlive: true });
  private readonly https = new HttpsAgent({ keepAlive: true });
  private readonly client: AxiosInstance;

  constructor(token: string | undefined) {
    this.client = createAxios({
      ...{ timeout: TIMEOUT_MS, maxContentLength: MAX_REPLY_BYTES },
      ...{ httpAgent: this.http, httpsAgent: this.https },
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  }

  /**
   * Sends a request, and waits for the reply: 10 s, if it is not said otherwise. Resolves with any status.
   * @throws an error without the token when there is no reply
   */
  async send(
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    body?: object,
    options: SendOptions = {},
  ): Promise<InternalReply> {
    const { timeoutMs, maxReplyBytes, bearer, signal } = options;
    const request = this.client.request<unknown>({
      ...{ method, url },
      ...(body && { data: body }),
      ...(timeoutMs !== undefined && { timeout: timeoutMs }),
      ...(maxReplyBytes !== undefined && { maxContentLength: maxReplyBytes }),
      ...(bearer !== undefined && { headers: { authorization: `Bearer ${bearer}` } }),
      ...(signal && { signal }),
    });
    const { status, data } = await request.catch((error: unknown) => {
      throw withoutRequest(error);
    });
    const reply = isJsonObject(data) ? data : {};
    const message = MESSAGE_FIELDS.map((field) => reply[field]).find(
      (text): text is string => typeof text === 'string',
    );

    return { status, body: reply, message: firstPart(message ?? '', MAX_MESSAGE) };
  }

  onModuleDestroy(): void {
    this.http.destroy();
    this.https.destroy();
  }
}
