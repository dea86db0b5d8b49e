/** Decides whether and when a failed request is sent again, before the first event of its answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../common/app-error.js';
import { ProviderError } from './provider-error.js';

/** Both official SDKs: 0.5 s doubling up to 8 s, less up to a quarter at random, so that clients do not return together. */
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8000;
const JITTER = 0.25;
const MAX_RETRIES = 3;
/** A person is waiting: beyond this an error that says so is the better answer. */
const BUDGET_MS = 30_000;

interface RetryState {
  /** Number of earlier retries. */
  retries: number;
  /** Since the first attempt began. */
  elapsedMs: number;
}

/** Returns the milliseconds to wait before the next attempt. @throws the error when there is to be none */
export function retryDelay(error: unknown, state: RetryState, random: () => number = Math.random): number {
  if (!(error instanceof AppError) || !error.retryable) throw error;
  const asked = error instanceof ProviderError ? error.hints.waitMs : undefined;
  const left = BUDGET_MS - state.elapsedMs;
  if (asked !== undefined && asked > left) throw tooLong(error, asked);
  const delay = asked ?? backoff(state.retries, random);
  if (state.retries >= MAX_RETRIES || delay > left) throw error;

  return delay;
}

/** Waits. @throws the signal's reason as soon as it is aborted */
export async function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function backoff(retries: number, random: () => number): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** retries, MAX_DELAY_MS);
  return full * (1 - JITTER * random());
}

function tooLong(error: AppError, askedMs: number): AppError {
  const seconds = Math.ceil(askedMs / 1000);
  const options = { cause: error, retryable: true, providerStatus: error.providerStatus, retryAfter: seconds };
  return new AppError('provider_rate_limited', `${error.message} (asks to wait ${seconds} s)`, options);
}
