import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import axios, { type AxiosInstance } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isJsonObject } from '../common/json.js';
import { AppConfig } from '../config/app-config.js';
import { logLine } from '../infra/database/database-errors.js';

/** `refused`: it knows of nothing that runs; `unreachable`: no answer that says anything, ask again. */
export type CancelAnswer = 'acked' | 'refused' | 'unreachable';

const TIMEOUT_MS = 10_000;
/** A token that is wrong, or a limit, tells nothing about the task. */
const NO_REFUSALS = [401, 403, 407, 408, 429];

interface Answer {
  status: number;
  /** Its field `status`, which counts more than that of HTTP: failures come as 200, too. */
  verdict: unknown;
  message: string;
}

/** The executor manager at EXECUTOR_MANAGER_URL. Its address is the operator's, so that no egress rules apply. */
@Injectable()
export class ExecutorManagerClient implements OnModuleDestroy {
  private readonly log = new Logger('ExecutorManager');
  private readonly http = new HttpAgent({ keepAlive: true });
  private readonly https = new HttpsAgent({ keepAlive: true });
  private readonly client: AxiosInstance;
  /** Whether there is one. */
  readonly isConfigured: boolean;

  constructor({ executors, auth }: AppConfig) {
    this.isConfigured = executors.managerUrl !== undefined;
    this.client = axios.create({
      ...(executors.managerUrl !== undefined && { baseURL: `${executors.managerUrl}/executor-manager` }),
      ...{ timeout: TIMEOUT_MS, maxRedirects: 0, proxy: false, validateStatus: () => true },
      maxContentLength: 1024 * 1024,
      ...{ httpAgent: this.http, httpsAgent: this.https },
      headers: auth.internalToken === undefined ? {} : { authorization: `Bearer ${auth.internalToken}` },
    });
  }

  /** Asks it to stop the executor of a task. Waits up to 10 s, and never throws. */
  async cancel(taskId: number): Promise<CancelAnswer> {
    try {
      const { status, verdict, message } = await this.post('/tasks/cancel', { task_id: taskId });
      if (status < 300 && (verdict === undefined || verdict === 'success')) return 'acked';
      this.log.warn(`task ${taskId}: cancel answered by HTTP ${status} ${message}`);

      return status >= 400 && status < 500 && !NO_REFUSALS.includes(status) ? 'refused' : 'unreachable';
    } catch (error) {
      this.log.warn(`task ${taskId}: cancel not delivered: ${logLine(error)}`);

      return 'unreachable';
    }
  }

  /** Deletes an executor. @throws when that did not work; a failure may come as 200 */
  async deleteExecutor(executorName: string): Promise<void> {
    const { status, verdict, message } = await this.post('/executor/delete', { executor_name: executorName });
    if (status < 300 && verdict === 'success') return;
    throw new Error(`HTTP ${status} ${String(verdict)} ${message}`);
  }

  onModuleDestroy(): void {
    this.http.destroy();
    this.https.destroy();
  }

  private async post(path: string, body: object): Promise<Answer> {
    const { status, data } = await this.client.post<unknown>(path, body);
    const { status: verdict, error_msg: error, detail } = isJsonObject(data) ? data : {};
    const message = [error, detail].find((text): text is string => typeof text === 'string') ?? '';

    return { status, verdict, message: message.slice(0, 500) };
  }
}
