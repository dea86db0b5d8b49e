import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '../common/app-error.js';
import { type FakeClock, fakeClock } from '../common/async/fake-clock.testing.js';
import { RateLimits } from '../infra/rate-limit/rate-limits.js';
import { LoginLimiter } from './login-limiter.js';

const WRONG = () => Promise.resolve(null);
const RIGHT = () => Promise.resolve('in');

/** A limiter of this process alone, and what becomes of attempts: `failed`, `in`, or the seconds to wait. */
class Door {
  private readonly limiter = new LoginLimiter(new RateLimits(null));

  attempt(check: (isKnown: boolean) => Promise<string | null>, userName = 'ann', address = '1.1.1.1') {
    return this.limiter.attempt({ userName, address }, check).then(
      (result) => result ?? 'failed',
      (error: unknown) => (error instanceof AppError ? error.retryAfter : error),
    );
  }

  async fail(count: number, userName?: string, address?: string): Promise<unknown[]> {
    const outcomes = [];
    for (let index = 0; index < count; index += 1) outcomes.push(await this.attempt(WRONG, userName, address));

    return outcomes;
  }
}

describe('LoginLimiter', () => {
  let clock: FakeClock;
  let door: Door;

  beforeEach(() => {
    clock = fakeClock();
    door = new Door();
  });
  afterEach(() => clock.restore());

  it('delays after five failures, twice as long after each further one, at most five minutes', async () => {
    expect(await door.fail(6)).toEqual(['failed', 'failed', 'failed', 'failed', 'failed', 5]);
    const delays = [];
    for (let index = 0; index < 8; index += 1) {
      const delay = (await door.attempt(WRONG)) as number;
      delays.push(delay);
      clock.advance(delay * 1000);
      expect(await door.attempt(WRONG)).toBe('failed');
    }
    expect(delays).toEqual([5, 5, 10, 20, 40, 80, 160, 300]);
  });

  it('lets the right password in after the delay, and forgets the failures then', async () => {
    await door.fail(6);
    clock.advance(5_000);

    expect(await door.attempt(RIGHT)).toBe('in');
    expect(await door.fail(5)).toEqual(Array(5).fill('failed'));
  });

  it('lets five of many attempts at once pass', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => door.attempt(WRONG)));

    expect(outcomes.filter((outcome) => outcome === 'failed')).toHaveLength(5);
    clock.advance(5_000);
    expect(await door.attempt(RIGHT)).toBe('in');
  });

  it('counts user names (in any case) and addresses apart, and the addresses of one network together', async () => {
    await door.fail(5);
    await door.fail(5, 'ann', '2001:db8::1');

    expect(await door.attempt(WRONG, 'ANN')).toBe(5);
    expect(await door.attempt(WRONG, 'ann', '::ffff:1.1.1.1')).toBe(5);
    expect(await door.attempt(WRONG, 'ann', '2001:db8::ffff:2')).toBe(5);
    expect(await door.attempt(WRONG, 'ben')).toBe('failed');
    expect(await door.attempt(WRONG, 'ann', '2001:db8:0:1::1')).toBe('failed');
  });

  it('delays an address that tries many names, but not users who logged in from there before', async () => {
    expect(await door.attempt(RIGHT, 'ben')).toBe('in');
    for (let index = 0; index < 20; index += 1) await door.attempt(WRONG, `name ${index}`);

    expect(await door.attempt(RIGHT, 'another')).toBe(5);
    expect(await door.attempt(RIGHT, 'ben')).toBe('in');
    expect(await door.attempt(RIGHT, 'another', '2.2.2.2')).toBe('in');
  });

  it('delays strangers when many addresses fail, and tells checks who is known', async () => {
    const seen: boolean[] = [];
    const check = (isKnown: boolean) => {
      seen.push(isKnown);

      return RIGHT();
    };
    await door.attempt(check);
    for (let index = 0; index < 120; index += 1) await door.attempt(WRONG, 'ann', `10.0.0.${index}`);

    expect(await door.attempt(check, 'ann', '2.2.2.2')).toBe(1);
    expect(await door.attempt(check)).toBe('in');
    expect(seen).toEqual([false, true]);
  });

  it('delays a known user only briefly', async () => {
    await door.attempt(RIGHT);
    await door.fail(5);
    for (let index = 0; index < 10; index += 1) {
      clock.advance(30_000);
      await door.attempt(WRONG);
    }

    expect(await door.attempt(RIGHT)).toBe(30);
  });

  it('counts no attempt whose check broke off', async () => {
    const broken = () => Promise.reject(new Error('the database is away'));
    for (let index = 0; index < 10; index += 1) await door.attempt(broken);

    expect(await door.fail(5)).toEqual(Array(5).fill('failed'));
  });
});
