import { expect, it } from '@jest/globals';
import { ProbeSlots } from './probe-slots.js';

/** A probe that ends when it is told to, or at once. */
function probes() {
  const running: (() => void)[] = [];

  return { running, probe: () => new Promise<void>((resolve) => running.push(resolve)) };
}

it('runs two probes of a user at a time, lets eight wait and refuses the rest; other users are not concerned', async () => {
  const slots = new ProbeSlots();
  const { running, probe } = probes();
  const all = Array.from({ length: 10 }, () => slots.run(1, probe));

  await expect(slots.run(1, probe)).rejects.toMatchObject({ code: 'too_many_probes', status: 429, retryAfter: 2 });
  expect(running).toHaveLength(2);
  await expect(slots.run(2, () => Promise.resolve('other'))).resolves.toBe('other');
  for (let index = 0; index < all.length; index += 1) {
    running[index]?.();
    await all[index];
  }
  await expect(slots.run(1, () => Promise.resolve('again'))).resolves.toBe('again');
});

it('frees the place of a probe that fails', async () => {
  const slots = new ProbeSlots();
  for (let index = 0; index < 20; index += 1) {
    await expect(slots.run(1, () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
  }
});
