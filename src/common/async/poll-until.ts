import { setTimeout as sleep } from 'node:timers/promises';

type Answer<T> = T | undefined | false;

interface PollOptions {
  everyMs: number;
  /** Without it the polling goes on until there is an answer. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Calls `ask` at once and then at intervals, until it returns anything but `undefined` or `false`.
 * @returns undefined at the end of the time
 * @throws what `ask` throws, or an AbortError once the signal is aborted
 */
export async function pollUntil<T>(
  ask: () => Answer<T> | Promise<Answer<T>>,
  { everyMs, timeoutMs = Infinity, signal }: PollOptions,
): Promise<T | undefined> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() >= end) return undefined;
    await sleep(everyMs, undefined, { signal });
  }
}
