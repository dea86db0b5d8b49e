import { setTimeout as sleep } from 'node:timers/promises';
import type { ValidationReport } from '../../common/contracts/image-validation.js';
import type { ReportAnswer } from './backend.client.js';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;

/** Sends one report: see `BackendClient.report`. */
export type Deliver = (report: ValidationReport) => Promise<ReportAnswer>;

/**
 * Sends the reports of one validation, one after the other. Each report is complete, so after a failure only the newest
 * is sent again.
 */
export class ReportSender {
  private newest: ValidationReport | null = null;
  private sending: Promise<void> | null = null;
  private seq = 0;
  private lastSentAt = Date.now();

  /**
   * @param onUnwanted called when the API wants no more reports
   * @param onFailure called when a report did not arrive; it will be sent again
   */
  constructor(
    private readonly deliver: Deliver,
    private readonly onUnwanted: () => void,
    private readonly onFailure: (error: unknown) => void,
    private readonly firstDelayMs = FIRST_DELAY_MS,
  ) {}

  /** Milliseconds since the last report was sent. */
  get silence(): number {
    return this.sending ? 0 : Date.now() - this.lastSentAt;
  }

  /** Sends a report, in place of those that were not sent yet. */
  post(report: ValidationReport): void {
    this.seq += 1;
    this.newest = { ...report, seq: this.seq };
    this.sending ??= this.sendAll();
  }

  /** Resolves when all reports are sent, or the signal is aborted. */
  async flushed(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    if (!signal.aborted) await Promise.race([this.sending, aborted]);
    this.newest = null;
  }

  private async sendAll(): Promise<void> {
    let delayMs = this.firstDelayMs;
    for (let report = this.newest; report !== null; report = this.newest) {
      try {
        const answer = await this.deliver(report);
        this.lastSentAt = Date.now();
        delayMs = this.firstDelayMs;
        if (this.newest === report || answer === 'unwanted') this.newest = null;
        if (answer === 'unwanted') this.onUnwanted();
      } catch (error) {
        this.onFailure(error);
        await sleep(delayMs, undefined, { ref: false });
        delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
      }
    }
    this.sending = null;
  }
}
