import { Injectable, Logger } from '@nestjs/common';
import { isJsonObject, type JsonObject } from '../../common/text/json.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { ExecutorManagerHttp } from '../../infra/http/client/executor-manager-http.js';

/** `refused`: nothing of the task runs there, or not yet; `unreachable`: no usable answer, ask again. */
export type CancelAnswer = 'acked' | 'refused' | 'unreachable';

/** Whether the container of an executor runs; `unknown`: the manager does not say. */
export type ExecutorState = 'running' | 'gone' | 'unknown';

/** What became of a deletion. `refused`: the manager answers, and does not do it; `unreachable`: ask again later. */
export type DeletionAnswer = 'deleted' | 'refused' | 'unreachable';

/** Statuses of a wrong token or a limit, which say nothing about the task. */
const NO_REFUSALS = [401, 403, 407, 408, 429];
/** Wegent's manager waits for its executor, which may be busy; its own backend has the same patience. */
const CANCEL_TIMEOUT_MS = 60_000;

/** Calls the executor manager about executors. The field `status` of its replies counts, because failures come as HTTP 200, too. */
@Injectable()
export class ExecutorManagerClient {
  private readonly log = new Logger(ExecutorManagerClient.name);
  private readonly cancelTimeoutMs: number;

  constructor(
    private readonly http: ExecutorManagerHttp,
    { tasks }: AppConfig,
  ) {
    this.cancelTimeoutMs = Math.min(CANCEL_TIMEOUT_MS, tasks.cancelDeadlineSeconds * 1000);
  }

  /** Whether an executor manager is configured. */
  get isConfigured(): boolean {
    return this.http.isConfigured;
  }

  /** Asks it to stop the executor of a task. Waits up to 60 s, and never throws. */
  async cancel(taskId: number): Promise<CancelAnswer> {
    try {
      const { status, body, message } = await this.http.post(
        '/tasks/cancel',
        { task_id: taskId },
        this.cancelTimeoutMs,
      );
      if (status < 300 && (body.status === undefined || body.status === 'success')) return 'acked';
      this.log.warn(`task ${taskId}: cancel answered by HTTP ${status} ${message}`);

      return status >= 400 && status < 500 && !NO_REFUSALS.includes(status) ? 'refused' : 'unreachable';
    } catch (error) {
      this.log.warn(`task ${taskId}: cancel not delivered: ${logLine(error)}`);

      return 'unreachable';
    }
  }

  /** Deletes an executor, running or not. One that is not there any more counts as deleted. Never throws. */
  async deleteExecutor(executorName: string): Promise<{ answer: DeletionAnswer; reason: string }> {
    try {
      const { status, body, message } = await this.http.post('/executor/delete', { executor_name: executorName });
      const reason = `HTTP ${status} ${String(body.status)} ${message}`;
      // Wegent's manager calls those unauthorized that it does not find among its containers.
      if (status < 300 && (body.status === 'success' || body.status === 'unauthorized'))
        return { answer: 'deleted', reason };

      return { answer: status < 500 && !NO_REFUSALS.includes(status) ? 'refused' : 'unreachable', reason };
    } catch (error) {
      return { answer: 'unreachable', reason: logLine(error) };
    }
  }

  /** Returns whether executors run. Never throws. */
  async statesOf(names: readonly string[]): Promise<ReadonlyMap<string, ExecutorState>> {
    const states = new Map<string, ExecutorState>();
    for (const name of names) {
      const state = await this.stateOf(name);
      // A manager without this call, like Wegent's: its load names all containers that run.
      if (state === null) return this.statesByLoad(names);
      states.set(name, state);
    }

    return states;
  }

  /** Returns null when the manager does not know this call. */
  private async stateOf(name: string): Promise<ExecutorState | null> {
    const reply = await this.read(`/executor/${encodeURIComponent(name)}`);
    if (reply?.status === 404) return null;
    const state = reply && reply.status < 300 ? reply.body.status : undefined;

    return state === 'running' || state === 'gone' ? state : 'unknown';
  }

  private async statesByLoad(names: readonly string[]): Promise<ReadonlyMap<string, ExecutorState>> {
    const reply = await this.read('/executor/load');
    const running = reply && reply.status < 300 ? runningIn(reply.body) : null;
    const stateIn = (name: string) => (running === null ? 'unknown' : running.has(name) ? 'running' : 'gone');

    return new Map(names.map((name) => [name, stateIn(name)]));
  }

  private async read(path: string) {
    try {
      return await this.http.get(path);
    } catch (error) {
      this.log.debug(`${path}: ${logLine(error)}`);

      return null;
    }
  }
}

/** Returns the containers in the load of Wegent's manager; null when it does not name them. */
function runningIn({ status, containers }: JsonObject): ReadonlySet<string> | null {
  if (status !== 'success' || !Array.isArray(containers)) return null;
  const names = containers.map((container: unknown) => isJsonObject(container) && container['container_name']);

  return names.every((name) => typeof name === 'string') ? new Set(names) : null;
}
