import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EarlyAnswer } from './early-answer.js';
import { HandedOver } from './handed-over.js';
import type { RunPlan } from './run-plan.js';

const plan = (subtaskId: number) => ({ subtaskId }) as RunPlan;

describe('HandedOver', () => {
  let handedOver: HandedOver;
  let dropped: number[];

  const asked = (subtaskId: number) => ({
    plan: plan(subtaskId),
    early: { drop: () => void dropped.push(subtaskId) } as unknown as EarlyAnswer,
  });

  beforeEach(() => {
    jest.useFakeTimers();
    handedOver = new HandedOver();
    dropped = [];
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives each run once', () => {
    handedOver.put({ plan: plan(1), early: null });
    expect(handedOver.size).toBe(1);
    expect(handedOver.take(1)).toMatchObject({ plan: { subtaskId: 1 }, early: null });
    expect(handedOver.take(1)).toBeNull();
    expect(handedOver.size).toBe(0);
  });

  it('lets go of what was asked for when nobody takes the run', () => {
    handedOver.put(asked(1));
    jest.advanceTimersByTime(4_000);
    handedOver.put(asked(2));
    jest.advanceTimersByTime(2_000);
    expect(dropped).toEqual([1]);
    expect(handedOver.take(1)).toBeNull();
    expect(handedOver.take(2)).not.toBeNull();
  });

  it('leaves what was taken to whoever took it', () => {
    handedOver.put(asked(1));
    handedOver.take(1);
    jest.advanceTimersByTime(60_000);
    handedOver.drop(1);
    expect(dropped).toEqual([]);
  });

  it('lets go of everything when a run is cancelled, and when the process stops', () => {
    for (const id of [1, 2, 3]) handedOver.put(asked(id));
    handedOver.drop(2);
    expect(dropped).toEqual([2]);
    handedOver.onModuleDestroy();
    expect(dropped).toEqual([2, 1, 3]);
  });
});
