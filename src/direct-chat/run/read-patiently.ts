import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseDown } from '../../infra/database/database-errors.js';

/** How long a run waits for the database before it fails. */
export const DATABASE_PATIENCE_MS = 60_000;
const DATABASE_RETRY_MS = 1_000;

/**
 * Reads what a run needs before its provider is asked, again and again while the database is unreachable.
 * @throws what `read` throws, of an unreachable database after a minute; an AbortError once `signal` aborts
 */
export async function readPatiently<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const end = Date.now() + DATABASE_PATIENCE_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!isDatabaseDown(error) || Date.now() > end) throw error;
      await sleep(DATABASE_RETRY_MS, undefined, { signal });
    }
  }
}
