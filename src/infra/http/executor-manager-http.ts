import { Global, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import axios, { type AxiosInstance } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import { AppConfig } from '../../config/app-config.js';

const TIMEOUT_MS = 10_000;
const MAX_REPLY_BYTES = 1024 * 1024;
/** Where managers say in words what went wrong; some as 200. */
const MESSAGE_FIELDS = ['error_msg', 'detail', 'message'];
const MAX_MESSAGE = 500;

export interface ManagerReply {
  status: number;
  /** Empty unless it is a JSON object. */
  body: JsonObject;
  /** What went wrong, in the manager's words; may be empty. */
  message: string;
}

/** Calls of the executor manager at EXECUTOR_MANAGER_URL. The address is the operator's, so that no egress rules apply. */
@Injectable()
export class ExecutorManagerHttp implements OnModuleDestroy {
  /** Whether there is one. */
  readonly isConfigured: boolean;
  private readonly http = new HttpAgent({ keepAlive: true });
  private readonly https = new HttpsAgent({ keepAlive: true });
  private readonly client: AxiosInstance;

  constructor({ executors, auth }: AppConfig) {
    this.isConfigured = executors.managerUrl !== undefined;
    this.client = axios.create({
      ...(executors.managerUrl !== undefined && { baseURL: `${executors.managerUrl}/executor-manager` }),
      ...{ timeout: TIMEOUT_MS, maxRedirects: 0, proxy: false, validateStatus: () => true },
      maxContentLength: MAX_REPLY_BYTES,
      ...{ httpAgent: this.http, httpsAgent: this.https },
      headers: auth.internalToken === undefined ? {} : { authorization: `Bearer ${auth.internalToken}` },
    });
  }

  /** Waits up to 10 s. @throws when there is no reply; any status is one */
  async post(path: string, body: object): Promise<ManagerReply> {
    const { status, data } = await this.client.post<unknown>(path, body);
    const reply = isJsonObject(data) ? data : {};
    const message = MESSAGE_FIELDS.map((field) => reply[field]).find(
      (text): text is string => typeof text === 'string',
    );

    return { status, body: reply, message: (message ?? '').slice(0, MAX_MESSAGE) };
  }

  onModuleDestroy(): void {
    this.http.destroy();
    this.https.destroy();
  }
}

@Global()
@Module({ providers: [ExecutorManagerHttp], exports: [ExecutorManagerHttp] })
export class ExecutorManagerHttpModule {}
