import type { JsonObject } from '../../common/text/json.js';
import { asNumber, asText } from '../../common/text/json.js';
import type { WorkItem } from '../tasks/work-item.js';
import type { EventBatch } from './event-buffer.js';
import { type JsonReply, sendJson } from './http-json.js';

/** What the API says to a call. */
export type ApiAnswer =
  | { kind: 'ok'; last: number | null; cancelling: boolean }
  /** It does not know the events before these: go on behind `last`. */
  | { kind: 'gap'; last: number }
  /** The subtask has ended, or belongs to another executor: stop. */
  | { kind: 'lost'; reason: string }
  /** Wrong for good: the same call would be refused again. */
  | { kind: 'refused'; status: number; reason: string }
  /** Try again. */
  | { kind: 'unavailable'; reason: string };

/** 404: the subtask is gone. */
const LOST = new Set([401, 403, 404, 410]);
/** Too early, too many: try again. */
const RETRYABLE = new Set([408, 425, 429]);

/** The calls of an executor about its subtask. They never throw. */
export class ExecutorApi {
  private readonly base: string;

  constructor(private readonly work: WorkItem) {
    this.base = `${work.apiUrl}/executors/tasks`;
  }

  /** Sends live events, and with none of them a heartbeat. */
  sendEvents({ first, events }: EventBatch, signal?: AbortSignal): Promise<ApiAnswer> {
    const url = `${this.base}/${this.work.subtaskId}/events`;

    return this.call('POST', url, { executor_name: this.work.executorName, first, events }, signal);
  }

  /** Sends a report. */
  report(fields: JsonObject): Promise<ApiAnswer> {
    const { subtaskId, executorName } = this.work;

    return this.call('PUT', this.base, { subtask_id: subtaskId, executor_name: executorName, ...fields });
  }

  private async call(method: 'POST' | 'PUT', url: string, body: JsonObject, signal?: AbortSignal): Promise<ApiAnswer> {
    try {
      return answerOf(await sendJson({ method, url, token: this.work.authToken, body, ...(signal && { signal }) }));
    } catch (error) {
      return { kind: 'unavailable', reason: error instanceof Error ? error.message : 'no reply' };
    }
  }
}

function answerOf({ status, body }: JsonReply): ApiAnswer {
  const last = asNumber(body['last']) ?? null;
  if (status >= 200 && status < 300) return { kind: 'ok', last, cancelling: body['cancelling'] === true };
  const code = asText(body['code']) ?? '';
  const reason = `HTTP ${status} ${code}`.trim();
  if (status === 409 && code === 'events_gap' && last !== null) return { kind: 'gap', last };
  if (status === 409 || LOST.has(status)) return { kind: 'lost', reason };

  return isFinal(status) ? { kind: 'refused', status, reason } : { kind: 'unavailable', reason };
}

const isFinal = (status: number) => status >= 400 && status < 500 && !RETRYABLE.has(status);
