import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../common/text/json.js';
import type { Log } from '../log.js';
import { backoffMs } from './backoff.js';
import type { ApiAnswer, ExecutorApi } from './executor-api.js';

/** The last report of a subtask. */
export interface EndReport {
  status: 'COMPLETED' | 'FAILED' | 'CANCELLED';
  /** The result, ever smaller: the next one is for an API that finds the one before too large. */
  results: readonly JsonObject[];
  errorMessage?: string;
  /** One of the run error codes. */
  errorCode?: string;
}

/** Reports the status of a subtask, numbered by the clock: a process that was started again goes on with larger ones. */
export class StatusReporter {
  private seq = 0;

  constructor(
    private readonly api: Pick<ExecutorApi, 'report'>,
    private readonly log: Log,
  ) {}

  /** Sends a progress, once: the next one makes up for it. @returns whether it has arrived */
  async progress(progress: number): Promise<ApiAnswer> {
    return this.api.report(this.numbered({ status: 'RUNNING', progress }));
  }

  /**
   * Sends the end until the API has it, or refuses it for good.
   * @param patienceMs how long the API may be away
   * @param stopping ends the patience
   * @returns whether the API has it
   */
  async end(
    { status, results, errorMessage, errorCode }: EndReport,
    patienceMs: number,
    stopping: AbortSignal,
  ): Promise<boolean> {
    const until = Date.now() + patienceMs;
    const rest = {
      ...{ status, progress: 100 },
      ...(errorMessage !== undefined && { error_message: errorMessage }),
      ...(errorCode !== undefined && { error_code: errorCode }),
    };
    let size = 0;
    let report = this.numbered({ ...rest, result: results[0] });
    for (let failures = 0; ; failures += 1) {
      const answer = await this.api.report(report);
      if (answer.kind === 'ok') return true;
      if (answer.kind === 'refused' && answer.status === 413 && size < results.length - 1) {
        size += 1;
        report = this.numbered({ ...rest, result: results[size] });
        continue;
      }
      if (answer.kind !== 'unavailable') return this.giveUp(status, 'reason' in answer ? answer.reason : answer.kind);
      if (Date.now() >= until || stopping.aborted) return this.giveUp(status, answer.reason);
      await sleep(backoffMs(failures), undefined, { signal: stopping }).catch(() => undefined);
    }
  }

  private giveUp(status: string, reason: string): false {
    this.log.line(`the end (${status}) cannot be reported: ${reason}`);

    return false;
  }

  private numbered(fields: JsonObject): JsonObject {
    this.seq = Math.max(this.seq + 1, Date.now());

    return { ...fields, seq: this.seq, event_id: randomUUID() };
  }
}
