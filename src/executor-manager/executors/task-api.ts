import { Injectable } from '@nestjs/common';
import type { ErrorCode } from '../../common/app-error.js';
import { asText, isJsonObject, type JsonObject } from '../../common/text/json.js';
import { AppConfig } from '../../config/app-config.js';
import { InternalHttp, type InternalReply } from '../../infra/http/client/internal-http.js';
import { isTemporary } from '../reporting/backend.client.js';
import { ExecutorNames } from './executor-names.js';
import { type ClaimedWork, claimsOf } from './claimed-work.js';

/** How long a request for work waits at the API. */
const WAIT_SECONDS = 25;
/** For the way, and an API with much to do. */
const MARGIN_MS = 15_000;
/** Others may have free slots, too. */
const MAX_AT_ONCE = 10;
/** Prompts are long, and several come at once. */
const MAX_CLAIM_BYTES = 64 * 1024 * 1024;

/** A claim as the API knows it. After a restart of the manager its token is not known any more. */
export interface Claim {
  taskId: number;
  subtaskId: number;
  executorName: string;
  authToken: string | null;
}

export interface RunReport {
  status: 'RUNNING' | 'FAILED' | 'CANCELLED';
  progress: number;
  error_message?: string;
  error_code?: ErrorCode;
}

/** What the API says about a task: see `TaskStateDto`. */
export interface TaskState {
  taskId: number;
  isCancelling: boolean;
  keepsWorkspace: boolean;
  subtaskId: number | null;
  executorName: string;
}

/** The API, as far as it is about subtasks for executors. All methods throw an Error when a call may be repeated. */
@Injectable()
export class TaskApi extends InternalHttp {
  /** How the names of this manager's executors end: tasks whose workspaces it has are left to it. */
  private readonly manager: string;

  constructor(private readonly config: AppConfig) {
    super(config.auth.internalToken);
    this.manager = new ExecutorNames(config.manager.name).suffix;
  }

  /** Claims up to `limit` subtasks; waits until there is one. */
  async claim(limit: number, signal: AbortSignal): Promise<ClaimedWork[]> {
    const query = `type=any&limit=${Math.min(limit, MAX_AT_ONCE)}&wait=${WAIT_SECONDS}&manager=${this.manager}`;
    const url = this.url(`/dispatch?${query}`);
    const options = { signal, timeoutMs: WAIT_SECONDS * 1000 + MARGIN_MS, maxReplyBytes: MAX_CLAIM_BYTES };

    return claimsOf(ok(await this.send('POST', url, {}, options)));
  }

  /** Reports on a claim. Resolves when that was accepted, or is of no use any more. */
  async report(claim: Claim, eventId: string, report: RunReport): Promise<void> {
    const body = {
      ...{ subtask_id: claim.subtaskId, executor_name: claim.executorName, event_id: eventId },
      ...report,
    };
    accepted(claim, await this.send('PUT', this.url(''), body, bearerOf(claim)));
  }

  /** Says what is done before the executor works, which extends the lease. */
  async stage(claim: Claim, stage: string): Promise<'go_on' | 'cancelling' | 'lost'> {
    const body = { stage, executor_name: claim.executorName };
    const reply = await this.send('POST', this.url(`/${claim.subtaskId}/stage`), body, bearerOf(claim));
    if (!accepted(claim, reply)) return 'lost';

    return reply.body.cancelling === true ? 'cancelling' : 'go_on';
  }

  /** Gives a claim back, with the reason. Resolves when that was accepted, or is of no use any more. */
  async release(claim: Claim, reason: string): Promise<void> {
    const body = { reason, executor_name: claim.executorName };
    accepted(claim, await this.send('POST', this.url(`/${claim.subtaskId}/release`), body, bearerOf(claim)));
  }

  /** Returns the states of tasks, of unknown ones too. @param suffix adds those whose running executor has a name that ends so */
  async states(taskIds: readonly number[], suffix?: string): Promise<TaskState[]> {
    const body = { task_ids: taskIds, manager: this.manager, ...(suffix !== undefined && { executor_suffix: suffix }) };
    const reply = ok(await this.send('POST', this.url('/states'), body));
    const tasks = Array.isArray(reply.tasks) ? (reply.tasks as unknown[]) : [];

    return tasks.filter(isJsonObject).map(toState);
  }

  private url(path: string): string {
    return `${this.config.manager.backendUrl}/api/executors/tasks${path}`;
  }
}

const bearerOf = ({ authToken }: Claim) => (authToken ? { bearer: authToken } : {});

function toState(task: JsonObject): TaskState {
  return {
    taskId: Number(task.task_id),
    isCancelling: task.status === 'CANCELLING',
    keepsWorkspace: task.keeps_workspace === true,
    subtaskId: typeof task.subtask_id === 'number' ? task.subtask_id : null,
    executorName: asText(task.executor_name) ?? '',
  };
}

/** @throws Error for any status but 2xx */
function ok({ status, body, message }: InternalReply): JsonObject {
  if (status >= 200 && status < 300) return body;
  throw new Error(`HTTP ${status} ${message}`);
}

/** Whether the API wants to hear of a claim; it has ended, or belongs to another executor, when not. @throws Error to be repeated */
function accepted({ authToken }: Claim, reply: InternalReply): boolean {
  const { status } = reply;
  // The token of a claim ends with it; that of the manager may be put right.
  const isEnded = authToken !== null && status === 401;
  if (isEnded || (status >= 400 && status < 500 && !isTemporary(status))) return false;
  ok(reply);

  return true;
}
