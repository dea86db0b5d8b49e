import { AppError } from '../common/app-error.js';

const MAX_FAILURES = 5;
const WINDOW_MS = 5 * 60_000;
const MAX_KEYS = 10_000;

interface Attempts {
  count: number;
  until: number;
}

/** Slows down the guessing of passwords: a few failures per user name and address, then a pause. Per process. */
export class LoginLimiter {
  private readonly attempts = new Map<string, Attempts>();

  constructor(private readonly now: () => number = Date.now) {}

  /**
   * Counts an attempt before its password is checked, so that many at once do not all slip through.
   * @throws AppError too_many_logins
   */
  begin(userName: string, address: string): void {
    const key = keyOf(userName, address);
    const now = this.now();
    const entry = this.attempts.get(key);
    const current = entry && entry.until > now ? entry : { count: 0, until: now + WINDOW_MS };
    if (current.count >= MAX_FAILURES) {
      const retryAfter = Math.ceil((current.until - now) / 1000);
      throw new AppError('too_many_logins', `Too many failed logins: try again in ${retryAfter} s`, { retryAfter });
    }
    current.count += 1;
    this.attempts.delete(key);
    this.attempts.set(key, current);
    if (this.attempts.size > MAX_KEYS) this.forgetOldest();
  }

  succeed(userName: string, address: string): void {
    this.attempts.delete(keyOf(userName, address));
  }

  private forgetOldest(): void {
    const [oldest] = this.attempts.keys();
    if (oldest !== undefined) this.attempts.delete(oldest);
  }
}

const keyOf = (userName: string, address: string) => `${address} ${userName.toLowerCase()}`;
