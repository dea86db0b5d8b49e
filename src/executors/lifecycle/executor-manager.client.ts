import { Injectable, Logger } from '@nestjs/common';
import { logLine } from '../../infra/database/database-errors.js';
import { ExecutorManagerHttp } from '../../infra/http/client/executor-manager-http.js';

/** `refused`: nothing of the task runs there; `unreachable`: no usable answer, ask again. */
export type CancelAnswer = 'acked' | 'refused' | 'unreachable';

/** Statuses of a wrong token or a limit, which say nothing about the task. */
const NO_REFUSALS = [401, 403, 407, 408, 429];

/** Calls the executor manager about executors. The field `status` of its replies counts, because failures come as HTTP 200, too. */
@Injectable()
export class ExecutorManagerClient {
  private readonly log = new Logger(ExecutorManagerClient.name);

  constructor(private readonly http: ExecutorManagerHttp) {}

  /** Whether an executor manager is configured. */
  get isConfigured(): boolean {
    return this.http.isConfigured;
  }

  /** Asks it to stop the executor of a task. Waits up to 10 s, and never throws. */
  async cancel(taskId: number): Promise<CancelAnswer> {
    try {
      const { status, body, message } = await this.http.post('/tasks/cancel', { task_id: taskId });
      if (status < 300 && (body.status === undefined || body.status === 'success')) return 'acked';
      this.log.warn(`task ${taskId}: cancel answered by HTTP ${status} ${message}`);

      return status >= 400 && status < 500 && !NO_REFUSALS.includes(status) ? 'refused' : 'unreachable';
    } catch (error) {
      this.log.warn(`task ${taskId}: cancel not delivered: ${logLine(error)}`);

      return 'unreachable';
    }
  }

  /** Deletes an executor. @throws when that did not work; a failure may come as 200 */
  async deleteExecutor(executorName: string): Promise<void> {
    const { status, body, message } = await this.http.post('/executor/delete', { executor_name: executorName });
    if (status < 300 && body.status === 'success') return;
    throw new Error(`HTTP ${status} ${String(body.status)} ${message}`);
  }
}
