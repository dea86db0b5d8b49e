import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
/** After this long others have noticed that the subtask is lost. */
const LIMIT_MS = 30 * 60_000;

/** Delays between attempts, each up to twice as long as the one before and random: many that fail together do not repeat together. */
export class Backoff {
  private delayMs = FIRST_DELAY_MS;

  /** Returns the next delay in milliseconds. */
  next(): number {
    const delay = this.delayMs;
    this.delayMs = Math.min(delay * 2, MAX_DELAY_MS);

    return delay / 2 + Math.random() * (delay / 2);
  }

  reset(): void {
    this.delayMs = FIRST_DELAY_MS;
  }
}

/** Repeats a call until it succeeds, for half an hour. Never throws. @param onFailure called once with the first error */
export async function untilDelivered(call: () => Promise<unknown>, onFailure: (error: unknown) => void): Promise<void> {
  const backoff = new Backoff();
  const end = Date.now() + LIMIT_MS;
  let isFirst = true;
  while (Date.now() < end) {
    try {
      await call();

      return;
    } catch (error) {
      if (isFirst) onFailure(error);
      isFirst = false;
      await sleep(backoff.next(), undefined, { ref: false });
    }
  }
}
