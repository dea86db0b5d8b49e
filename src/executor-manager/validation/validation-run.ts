import { randomUUID } from 'node:crypto';
import { STAGE_PROGRESS, type ValidationReport } from '../../common/contracts/image-validation.js';
import { EngineTrouble } from '../runtime/runtime-errors.js';
import type { OnProgress } from './image-validator.js';
import type { ReportSender } from '../reporting/report-sender.js';

/** Why a run is stopped; only a cancelled one is reported as such. */
export class RunStopped extends Error {
  constructor(readonly why: 'unwanted' | 'cancelled' | 'stopping') {
    super(`the validation was stopped: ${why}`);
    this.name = 'RunStopped';
  }
}

/** One validation, from its order to the arrival of its last report. */
export class ValidationRun {
  /** Of this run alone: a validation that is ordered again after a restart is another one. */
  readonly id = randomUUID();
  /** When the last report was made. */
  endedAt: number | null = null;
  private readonly controller = new AbortController();
  private readonly silence = new AbortController();
  private last: ValidationReport = { status: 'submitted', progress: STAGE_PROGRESS.submitted[0] };

  /**
   * @param taskId as Wegent's managers number validations: below 0
   * @param sender null when no reports are wanted
   */
  constructor(
    readonly taskId: number,
    readonly image: string,
    private readonly sender: ReportSender | null,
  ) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get hasEnded(): boolean {
    return this.endedAt !== null;
  }

  /** Records a step and reports it if it has changed. */
  readonly onProgress: OnProgress = (step) => {
    const hasChanged = step.status !== this.last.status || step.progress !== this.last.progress;
    this.last = { ...this.last, ...step, stage: step.status };
    if (hasChanged && !this.signal.aborted) this.sender?.post(this.last);
  };

  /** Sends the last report again. */
  repeat(): void {
    if (!this.signal.aborted) this.sender?.post(this.last);
  }

  /** Repeats the last report after a long silence, so that the API does not regard the manager as lost. */
  keepAlive(silenceMs: number): void {
    if (!this.hasEnded && (this.sender?.silence ?? 0) >= silenceMs) this.repeat();
  }

  /** Aborts the run; only a cancelled one still sends its last report. */
  stop(why: RunStopped['why']): void {
    this.controller.abort(new RunStopped(why));
    if (why !== 'cancelled') this.silence.abort();
  }

  /** Sends the last report: the verdict, or the error that prevented one. */
  end(result: ValidationReport | Error): void {
    this.endedAt = Date.now();
    if (this.silence.signal.aborted) return;
    this.last = result instanceof Error ? withoutVerdict(result, this.last) : result;
    this.sender?.post(this.last);
  }

  /** Resolves when the last report has arrived, or will not be sent again. */
  async delivered(limitMs: number): Promise<void> {
    await this.sender?.flushed(AbortSignal.any([this.silence.signal, AbortSignal.timeout(limitMs)]));
  }
}

/** The last report after an error, with what was found before. */
function withoutVerdict(error: Error, { checks, digest }: ValidationReport): ValidationReport {
  const end = { status: 'completed', stage: 'completed', progress: 100 } as const;
  const found = { ...(checks && { checks }), ...(digest && { digest }) };
  if (error instanceof EngineTrouble) return { ...end, ...found, code: error.code, errorMessage: error.message };
  if (error instanceof RunStopped) return { ...end, ...found, code: 'interrupted', errorMessage: 'It was cancelled' };

  return { ...end, ...found, code: 'internal', errorMessage: 'The executor manager failed; its log says why' };
}
