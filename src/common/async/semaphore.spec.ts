import { describe, expect, it } from '@jest/globals';
import { Semaphore } from './semaphore.js';

const never = new AbortController().signal;

/** Whether a promise is settled after what is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));

  return settled;
}

describe('Slots', () => {
  it('lets in as many as there are, and the rest in their order', async () => {
    const slots = new Semaphore(2);
    const [first, second] = await Promise.all([slots.acquire(never), slots.acquire(never)]);
    const third = slots.acquire(never);
    const fourth = slots.acquire(never);

    expect(await isSettled(third)).toBe(false);
    first();
    expect(await isSettled(third)).toBe(true);
    expect(await isSettled(fourth)).toBe(false);
    second();
    expect(await isSettled(fourth)).toBe(true);
  });

  it('gives a slot back once only', async () => {
    const slots = new Semaphore(1);
    const release = await slots.acquire(never);
    release();
    release();
    await slots.acquire(never);

    expect(await isSettled(slots.acquire(never))).toBe(false);
  });

  it('forgets who has gone', async () => {
    const slots = new Semaphore(1);
    const release = await slots.acquire(never);
    const leaver = new AbortController();
    const left = slots.acquire(leaver.signal);
    const next = slots.acquire(never);
    leaver.abort(new Error('gone'));

    await expect(left).rejects.toThrow('gone');
    release();
    expect(await isSettled(next)).toBe(true);
    await expect(slots.acquire(leaver.signal)).rejects.toThrow('gone');
  });
});
