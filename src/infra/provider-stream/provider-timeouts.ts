/** The three deadlines of an answer. */
import { AppError } from '../../common/app-error.js';

export interface ProviderTimeoutLimits {
  /** From the sending of a request to its first event that is more than a ping. */
  firstTokenMs: number;
  /** Between two events afterwards; Claude's `ping` counts, SSE comments do not. */
  idleMs: number;
  /** The whole answer with all attempts. */
  totalMs: number;
}

/** Reports the first deadline that passes, once. Two timers for a whole answer: an event only refreshes one. */
export class ProviderTimeouts {
  private readonly total: NodeJS.Timeout;
  private silence: NodeJS.Timeout | undefined;
  private started = false;
  private paused = false;
  private stopped = false;

  constructor(
    private readonly limits: ProviderTimeoutLimits,
    private readonly expire: (error: AppError) => void,
  ) {
    const message = `The answer took longer than ${seconds(limits.totalMs)}`;
    this.total = setTimeout(() => this.fire('provider_timeout', message), limits.totalMs);
  }

  /** Starts the deadline of the first token, before a request is sent. */
  startAttempt(): void {
    this.endAttempt();
    this.started = false;
    this.arm(this.limits.firstTokenMs, () => {
      this.fire('provider_timeout', `The model began no answer within ${seconds(this.limits.firstTokenMs)}`);
    });
  }

  /** Stops the deadline of a failed request. */
  endAttempt(): void {
    clearTimeout(this.silence);
  }

  /** Resets the idle deadline. @param started whether an event other than a ping has arrived */
  alive(started: boolean): void {
    if (this.stopped) return;
    if (this.started) this.silence?.refresh();
    else if (started) this.startIdle();
  }

  /** Suspends the idle deadline while the body is paused for a slow consumer. */
  setPaused(paused: boolean): void {
    if (this.paused && !paused) this.silence?.refresh();
    this.paused = paused;
  }

  /** Clears the timers; nothing is reported any more. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.silence);
    clearTimeout(this.total);
  }

  private startIdle(): void {
    this.started = true;
    clearTimeout(this.silence);
    this.arm(this.limits.idleMs, () => {
      this.fire('provider_idle_timeout', `The model fell silent for ${seconds(this.limits.idleMs)}`);
    });
  }

  private arm(ms: number, onSilence: () => void): void {
    this.silence = setTimeout(() => {
      if (this.paused) this.silence?.refresh();
      else onSilence();
    }, ms);
  }

  private fire(code: 'provider_timeout' | 'provider_idle_timeout', message: string): void {
    this.stop();
    this.expire(new AppError(code, message, { retryable: true }));
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
