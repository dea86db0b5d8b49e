import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ClaimedLog, type ClaimedStream } from '../../src/answer-stream/log/claimed-log.js';
import { frame } from '../../src/answer-stream/log/frames.js';
import { type BegunLog, StreamLog } from '../../src/answer-stream/log/stream-log.js';
import type { ChatEvent } from '../../src/common/contracts/chat-event.js';
import { loadConfig } from '../../src/config/app-config.js';
import { RedisClients } from '../../src/infra/redis/redis-clients.js';
import { endAll } from '../support/child.js';
import { RedisServer } from '../support/stores/redis.js';

const content = (text: string): ChatEvent => ({ type: 'content', content: text });
const DONE: ChatEvent = { type: 'cancelled', cancelled: true, proof: { while: 'running' } };

/** Owners of one log: runs of direct chat, and claims of executors, at the positions 2, 3 … of the task. */
describe('the owners of a log', () => {
  let redis: RedisServer;
  let clients: RedisClients;
  let log: StreamLog;
  let claimed: ClaimedLog;
  let id = 0;

  beforeAll(async () => {
    redis = await RedisServer.start();
    clients = await RedisClients.connect({ kind: 'url', url: redis.url }, undefined);
    const config = loadConfig({});
    log = new StreamLog(clients, config);
    claimed = new ClaimedLog(clients, log, config);
  });
  beforeEach(() => {
    id += 1;
  });
  afterAll(async () => {
    clients.close();
    await endAll(redis);
  });

  async function claim(step: number, number = 1): Promise<ClaimedStream> {
    const stream = await claimed.claim(id, { step, number }, step === 2 && number === 1);
    if (typeof stream === 'string') throw new Error(stream);

    return stream;
  }

  async function run(position: number): Promise<BegunLog> {
    const begun = await log.begin(id, position);
    if (typeof begun === 'string') throw new Error(begun);

    return begun;
  }

  /** Appends one event as a run does. */
  async function append({ owner, last }: BegunLog, text: string): Promise<string | undefined> {
    const event = frame(id, last + 1, content(text));
    const batch = { first: last + 1, last: last + 1, text: event, terminal: false, selfContained: false };

    return (await log.append([{ subtaskId: id, owner, batch, repair: false }]))[0];
  }

  const baseOf = async () => (await log.state(id))?.base;

  it('of two claims the newer one writes, and only where it has read', async () => {
    const first = await claim(2);
    expect(await claimed.write(first, [content('a')], 1)).toBe('written');
    expect(await claimed.write(first, [content('b')], 2)).toBe('gap');
    expect(await claim(2)).toMatchObject({ last: 1, from: 1, shown: { step: 2, number: 1 } });
    const second = await claim(2, 2);
    expect(second).toMatchObject({ last: 1, from: 0, shown: { step: 2, number: 1 } });
    expect(await claimed.write({ ...first, last: 1 }, [content('c')])).toBe('fenced');
    expect(await claimed.claim(id, { step: 2, number: 1 })).toBe('fenced');
    expect(await claimed.write(second, [content('d'), DONE])).toBe('written');
    expect(await claimed.claim(id, { step: 2, number: 3 })).toBe('ended');
    expect(await log.begin(id, 3)).toBe('ended');
  });

  it('a run goes on behind an executor, whose claim and whose jobs do not return', async () => {
    await claimed.write(await claim(2), [content('a')]);
    expect(await log.begin(id, 0)).toBe('passed');
    const begun = await run(3);
    expect(begun).toMatchObject({ last: 1, isRestarted: false, attempt: 1, followsExecutors: true });
    expect(await append(begun, 'b')).toBe('written');
    expect(await claimed.claim(id, { step: 2, number: 1 })).toBe('fenced');
    expect(await claimed.claim(id, { step: 2, number: 2 })).toBe('fenced');
    expect(await baseOf()).toBeNull();
  });

  it('another run in its place is another attempt, which has to restart the answer', async () => {
    await claimed.write(await claim(2), [content('a')]);
    await append(await run(3), 'b');
    expect(await run(3)).toMatchObject({ last: 2, isRestarted: true, attempt: 2, followsExecutors: false });
    expect(await baseOf()).toBe(2);
    await claim(4);
    expect(await run(5)).toMatchObject({ attempt: 1, isRestarted: true, followsExecutors: true });
  });

  it('an executor goes on behind a run, which has left the log or has not', async () => {
    const left = await run(0);
    expect(left).toMatchObject({ attempt: 1, followsExecutors: false });
    await append(left, 'a');
    await log.leave(id, left.owner, 1);
    expect(await claim(3)).toMatchObject({ last: 1, shown: null });
    expect(await baseOf()).toBeNull();
    expect(await append({ ...left, last: 1 }, 'late')).toBe('fenced');

    id += 1;
    await append(await run(0), 'a');
    expect(await claim(3)).toMatchObject({ last: 1 });
    expect(await baseOf()).toBe(1);
  });

  it('a run that has sent more than the log has does not leave it', async () => {
    const begun = await run(0);
    await log.leave(id, begun.owner, 1);
    await log.leave(id, { ...begun.owner, epoch: 7 }, 0);
    await claim(3);
    expect(await baseOf()).toBe(0);
  });

  it('a run says where it is also to a log that Redis has lost', async () => {
    await claimed.write(await claim(2), [content('a')]);
    await redis.use((client) => client.flushall());
    expect(await run(3)).toMatchObject({ last: 0, attempt: 1, followsExecutors: false });
    expect(await claimed.claim(id, { step: 2, number: 1 })).toBe('fenced');
    expect(await claim(4)).toMatchObject({ last: 0 });
  });
});
