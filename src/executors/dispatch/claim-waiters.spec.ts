import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { EventEmitter, once } from 'node:events';
import type { LivingManagers } from '../managers/living-managers.js';
import type { ReleasesService } from '../managers/releases.service.js';
import { ClaimWaiters } from './claim-waiters.js';
import { type DispatchDto, DispatchQuery } from './dispatch.dto.js';
import type { DispatchService } from './dispatch.service.js';

const query = (more: Partial<DispatchQuery> = {}): DispatchQuery =>
  Object.assign(new DispatchQuery(), { wait: 25 }, more);

/** Waiting requests, in front of a queue of subtasks. */
function desk() {
  const work: number[] = [];
  const released: number[] = [];
  const asked = new EventEmitter();
  let calls = 0;
  const dispatch = (): Promise<DispatchDto> => {
    calls += 1;
    asked.emit('asked');
    const [id] = work.splice(0, 1);

    return Promise.resolve({ tasks: id === undefined ? [] : [{ subtask_id: id }] } as DispatchDto);
  };
  const release = (id: number) => Promise.resolve(released.push(id));
  const waiters = new ClaimWaiters(
    { dispatch } as unknown as DispatchService,
    { release } as unknown as ReleasesService,
    { seen: () => Promise.resolve() } as unknown as LivingManagers,
  );
  /** Sends a request, and resolves once it waits. */
  const ask = async (asks = query()) => {
    const raw = new EventEmitter();
    const first = once(asked, 'asked');
    const reply = waiters.dispatch(asks, { raw } as unknown as FastifyReply);
    await first;
    await new Promise(setImmediate);

    return { ids: reply.then(({ tasks }) => tasks.map((task) => task.subtask_id)), leave: () => raw.emit('close') };
  };

  return { waiters, work, released, ask, calls: () => calls };
}

describe('ClaimWaiters', () => {
  it('replies at once when there is work, or nothing is waited for', async () => {
    const { work, ask } = desk();
    work.push(1);
    expect(await (await ask()).ids).toEqual([1]);
    expect(await (await ask(query({ wait: 0 }))).ids).toEqual([]);
    expect(await (await ask(query({ task_status: 'RUNNING' }))).ids).toEqual([]);
  });

  it('serves those that wait in the order of their arrival, as far as there is work', async () => {
    const { waiters, work, ask, calls } = desk();
    const [first, second, third] = [await ask(), await ask(), await ask()];
    work.push(7, 8);
    waiters.wake();
    expect([await first.ids, await second.ids]).toEqual([[7], [8]]);
    const before = calls();
    work.push(9);
    waiters.wake();
    expect(await third.ids).toEqual([9]);
    expect(calls()).toBeGreaterThan(before);
  });

  it('gives nothing to a client that has left, nor to any when the server stops', async () => {
    const { waiters, work, ask } = desk();
    const [gone, stays] = [await ask(), await ask()];
    gone.leave();
    expect(await gone.ids).toEqual([]);
    work.push(5);
    waiters.wake();
    expect(await stays.ids).toEqual([5]);
    const last = await ask();
    waiters.beforeApplicationShutdown();
    expect(await last.ids).toEqual([]);
    expect(await (await ask()).ids).toEqual([]);
  });

  it('offers again what it has claimed for a client that left meanwhile', async () => {
    const { waiters, work, released } = desk();
    work.push(3);
    const raw = new EventEmitter();
    const reply = waiters.dispatch(query(), { raw } as unknown as FastifyReply);
    raw.emit('close');
    expect((await reply).tasks).toEqual([]);
    expect(released).toEqual([3]);
  });
});
