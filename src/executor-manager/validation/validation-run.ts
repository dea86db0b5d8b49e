import { randomUUID } from 'node:crypto';
import { STAGE_PROGRESS, type ValidationReport } from '../../common/image-validation.js';
import { EngineTrouble } from '../engine/engine-errors.js';
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

  /** Records a step and reports it if it is news. */
  readonly onProgress: OnProgress = (step) => {
    const isNews = step.status !== this.last.status || step.progress !== this.last.progress;
    this.last = { ...this.last, ...step, stage: step.status };
    if (isNews && !this.signal.aborted) this.sender?.post(this.last);
  };

  /** Sends the last report again: it was asked for again, or the API received nothing for long. */
  repeat(): void {
    if (!this.signal.aborted) this.sender?.post(this.last);
  }

  /** Repeats itself when nothing was said for so long that its silence could be taken for its end. */
  keepAlive(silenceMs: number): void {
    if (!this.hasEnded && (this.sender?.silence ?? 0) >= silenceMs) this.repeat();
  }

  stop(why: RunStopped['why']): void {
    this.controller.abort(new RunStopped(why));
    if (why !== 'cancelled') this.silence.abort();
  }

  /** Makes the last report of a verdict, or of what has prevented one. */
  end(result: ValidationReport | Error): void {
    this.endedAt = Date.now();
    if (this.silence.signal.aborted) return;
    this.last = result instanceof Error ? withoutVerdict(result, this.last) : result;
    this.sender?.post(this.last);
  }

  /** Resolves when the last report has arrived, or is not worth sending again. */
  async delivered(limitMs: number): Promise<void> {
    await this.sender?.flushed(AbortSignal.any([this.silence.signal, AbortSignal.timeout(limitMs)]));
  }
}

/** What was found before it stays in the report. */
function withoutVerdict(error: Error, { checks, digest }: ValidationReport): ValidationReport {
  const end = { status: 'completed', stage: 'completed', progress: 100 } as const;
  const found = { ...(checks && { checks }), ...(digest && { digest }) };
  if (error instanceof EngineTrouble) return { ...end, ...found, code: error.code, errorMessage: error.message };
  if (error instanceof RunStopped) return { ...end, ...found, code: 'interrupted', errorMessage: 'It was cancelled' };

  return { ...end, ...found, code: 'internal', errorMessage: 'The executor manager failed; its log says why' };
}
