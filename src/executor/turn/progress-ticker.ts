import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReporter } from '../reporting/status-reporter.js';

const EVERY_MS = 10_000;
const RETRY_MS = 1000;
const FIRST = 10;
const MOST = 90;
/** Percent that a step is worth: how many there will be is not known. */
const PER_STEP = 4;

/** Reports RUNNING at the start, and at most every 10 s as the steps go on. */
export class ProgressTicker {
  private readonly stopped = new AbortController();
  private running: Promise<void> | null = null;

  constructor(
    private readonly status: Pick<StatusReporter, 'progress'>,
    private readonly stepCount: () => number,
    private readonly onLost: (reason: string) => void,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    let reported = 0;
    while (!signal.aborted) {
      const progress = Math.min(MOST, FIRST + PER_STEP * this.stepCount());
      let wait = EVERY_MS;
      if (progress > reported) {
        const answer = await this.status.progress(progress);
        if (answer.kind === 'ok') reported = progress;
        else if (answer.kind === 'lost') this.onLost(answer.reason);
        else wait = RETRY_MS;
      }
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }
}
