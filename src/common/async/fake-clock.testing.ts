import { jest } from '@jest/globals';

/** Timers and `performance.now()` under the control of a spec. */
export interface FakeClock {
  advance(ms: number): void;
  restore(): void;
}

/** Stops the clock. lru-cache keeps the `performance` object from its import on, so its method is replaced. */
export function fakeClock(): FakeClock {
  let now = 1;
  jest.useFakeTimers({ doNotFake: ['performance'] });
  const spy = jest.spyOn(performance, 'now').mockImplementation(() => now);

  return {
    advance: (ms) => {
      now += ms;
      jest.advanceTimersByTime(ms);
    },
    restore: () => {
      spy.mockRestore();
      jest.useRealTimers();
    },
  };
}
