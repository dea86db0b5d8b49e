import { Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../../common/app-error.js';
import type { ExecutorRun } from './executor-run.js';
import { type RunReport, TaskApi } from './task-api.js';
import { untilDelivered } from './until-delivered.js';

/** Reports on subtasks whose executor cannot do it: before it works, and after its container has ended. Nothing here throws. */
@Injectable()
export class RunReporter {
  private readonly log = new Logger(RunReporter.name);

  constructor(private readonly api: TaskApi) {}

  /** Says which executor will work on it. */
  claimed(run: ExecutorRun, progress: number): void {
    this.report(run, { status: 'RUNNING', progress });
  }

  /** The next one says more: it is not repeated. */
  progress(run: ExecutorRun, progress: number): void {
    void this.api.report(run.claim, randomUUID(), { status: 'RUNNING', progress }).catch(() => undefined);
  }

  cancelled(run: ExecutorRun): void {
    this.report(run, { status: 'CANCELLED', progress: 100 });
  }

  /** @param message for the user */
  fail(run: ExecutorRun, code: ErrorCode, message: string): void {
    this.log.warn(`${run.toString()}: ${message}`);
    this.report(run, { status: 'FAILED', progress: 100, error_message: message, error_code: code });
  }

  /** Gives it back, for another attempt. @param reason for the user, if it was the last attempt */
  release(run: ExecutorRun, reason: string): Promise<void> {
    this.log.warn(`${run.toString()}: given back: ${reason}`);

    return untilDelivered(
      () => this.api.release(run.claim, reason),
      (error) => this.onFailure(run, error),
    );
  }

  private report(run: ExecutorRun, report: RunReport): void {
    const eventId = randomUUID();
    void untilDelivered(
      () => this.api.report(run.claim, eventId, report),
      (error) => this.onFailure(run, error),
    );
  }

  private onFailure(run: ExecutorRun, error: unknown): void {
    this.log.warn(`${run.toString()}: a report did not arrive: ${(error as Error).message}; trying again`);
  }
}
