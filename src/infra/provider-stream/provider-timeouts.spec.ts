import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AppError } from '../../common/app-error.js';
import { ProviderTimeouts } from './provider-timeouts.js';

let expired: AppError[];
let timeouts: ProviderTimeouts;

beforeEach(() => {
  jest.useFakeTimers();
  expired = [];
  timeouts = new ProviderTimeouts({ firstTokenMs: 100, idleMs: 50, totalMs: 1000 }, (error) => expired.push(error));
});

afterEach(() => {
  timeouts.stop();
  jest.useRealTimers();
});

const codes = () => expired.map(({ code }) => code);
const pass = (ms: number) => jest.advanceTimersByTime(ms);

describe('ProviderTimeouts', () => {
  it('first token: pings do not count, and the time of a waiting retry does not', () => {
    timeouts.startAttempt();
    pass(90);
    timeouts.endAttempt();
    pass(200);
    timeouts.startAttempt();
    pass(90);
    timeouts.alive(false);
    expect(expired).toEqual([]);
    pass(10);
    expect(codes()).toEqual(['provider_timeout']);
    expect(expired[0]).toMatchObject({ retryable: true, message: expect.stringContaining('0.1 s') });
  });

  it('idle: every event counts afterwards', () => {
    timeouts.startAttempt();
    timeouts.alive(true);
    for (let i = 0; i < 5; i++) {
      pass(49);
      timeouts.alive(true);
    }
    expect(expired).toEqual([]);
    pass(50);
    expect(codes()).toEqual(['provider_idle_timeout']);
  });

  it('idle: our own slowness is not the provider’s silence', () => {
    timeouts.startAttempt();
    timeouts.alive(true);
    timeouts.setPaused(true);
    pass(400);
    timeouts.setPaused(false);
    pass(49);
    expect(expired).toEqual([]);
    pass(1);
    expect(codes()).toEqual(['provider_idle_timeout']);
  });

  it('total: whatever happens meanwhile', () => {
    timeouts.startAttempt();
    for (let i = 0; i < 25; i++) {
      timeouts.alive(true);
      pass(40);
    }
    expect(codes()).toEqual(['provider_timeout']);
  });

  it('reports once, and nothing after it was stopped', () => {
    timeouts.startAttempt();
    pass(5000);
    timeouts.alive(true);
    pass(5000);
    expect(expired).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
