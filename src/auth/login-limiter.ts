import { LRUCache } from 'lru-cache';
import { AppError } from '../common/app-error.js';

const MAX_FAILURES = 5;
const WINDOW_MS = 5 * 60_000;
const MAX_KEYS = 10_000;

/** Limits the guessing of passwords: a few failures per user name and address, then a pause. Per process. */
export class LoginLimiter {
  private readonly attempts = new LRUCache<string, { count: number }>({ max: MAX_KEYS, ttl: WINDOW_MS });

  /**
   * Counts an attempt before its password is checked, so that many at once do not all slip through.
   * @throws AppError too_many_logins
   */
  begin(userName: string, address: string): void {
    const key = keyOf(userName, address);
    const current = this.attempts.get(key);
    if (!current) return void this.attempts.set(key, { count: 1 });
    if (current.count >= MAX_FAILURES) {
      const retryAfter = Math.ceil(this.attempts.getRemainingTTL(key) / 1000);
      throw new AppError('too_many_logins', `Too many failed logins: try again in ${retryAfter} s`, { retryAfter });
    }
    current.count += 1;
  }

  /** Forgets the failures of a user at an address. */
  succeed(userName: string, address: string): void {
    this.attempts.delete(keyOf(userName, address));
  }
}

const keyOf = (userName: string, address: string) => `${address} ${userName.toLowerCase()}`;
