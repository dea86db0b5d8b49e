import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeClock, fakeClock } from '../common/fake-clock.testing.js';
import { LoginLimiter } from './login-limiter.js';

function attempts(limiter: LoginLimiter, count: number, user = 'ann', address = '1.1.1.1'): void {
  for (let index = 0; index < count; index += 1) limiter.begin(user, address);
}

describe('LoginLimiter', () => {
  let clock: FakeClock;

  beforeEach(() => {
    clock = fakeClock();
  });
  afterEach(() => clock.restore());

  it('lets five attempts pass, and says how long to wait after them', () => {
    const limiter = new LoginLimiter();
    attempts(limiter, 5);
    clock.advance(60_000);

    expect(() => limiter.begin('ann', '1.1.1.1')).toThrow(
      expect.objectContaining({ code: 'too_many_logins', retryAfter: 240 }),
    );
  });

  it('does not lengthen the wait by further attempts, and begins anew after it', () => {
    const limiter = new LoginLimiter();
    attempts(limiter, 5);
    clock.advance(299_999);
    expect(() => limiter.begin('ann', '1.1.1.1')).toThrow();
    clock.advance(2);
    expect(() => attempts(limiter, 5)).not.toThrow();
    expect(() => limiter.begin('ann', '1.1.1.1')).toThrow();
  });

  it('counts user names (in any case) and addresses apart', () => {
    const limiter = new LoginLimiter();
    attempts(limiter, 5);

    expect(() => limiter.begin('ANN', '1.1.1.1')).toThrow();
    expect(() => limiter.begin('ben', '1.1.1.1')).not.toThrow();
    expect(() => limiter.begin('ann', '2.2.2.2')).not.toThrow();
  });

  it('forgets failures after a success', () => {
    const limiter = new LoginLimiter();
    attempts(limiter, 4);
    limiter.succeed('ann', '1.1.1.1');

    expect(() => attempts(limiter, 5)).not.toThrow();
  });
});
