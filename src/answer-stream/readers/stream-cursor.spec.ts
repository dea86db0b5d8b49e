import { describe, expect, it, jest } from '@jest/globals';
import { type FrameBatch, frame } from '../log/frames.js';
import { LiveStream } from './live-stream.js';
import { StreamCursor } from './stream-cursor.js';
import type { StreamHub } from './stream-hub.js';
import type { StreamLog } from '../log/stream-log.js';

const batch = (first: number, last: number, terminal = false): FrameBatch => {
  return { first, last, text: `${first}-${last}`, terminal, selfContained: false };
};

/** A log that knows nothing (any more). */
const emptyLog = { state: () => Promise.resolve(null), read: () => Promise.resolve(null) } as unknown as StreamLog;

function open(hasEnded: boolean, stream = new LiveStream(1), log = emptyLog, position = 0) {
  const released: LiveStream[] = [];
  const hub = { release: (left: LiveStream) => released.push(left) } as unknown as StreamHub;
  const cursor = new StreamCursor(stream, log, position, hub, () => Promise.resolve(hasEnded));
  let ready = 0;
  cursor.onReady = () => {
    ready += 1;
  };

  return { stream, cursor, released, readyCount: () => ready };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('StreamCursor', () => {
  it('ends when its log is gone and the answer has ended: who comes back is told by the database', async () => {
    const { cursor, readyCount } = open(true);
    expect(cursor.readBatch()).toBeNull();
    await settled();
    expect([cursor.ended, readyCount()]).toEqual([true, 1]);
  });

  it('ends when the client has the terminal event already, which the log receives only then', async () => {
    const state = { last: 7, ended: true, base: null };
    const log = { state: () => Promise.resolve(state), read: () => Promise.resolve(null) } as unknown as StreamLog;
    const { cursor, readyCount } = open(true, new LiveStream(1), log, 7);
    for (let reads = 0; !cursor.ended && reads < 5; reads += 1) {
      expect(cursor.readBatch()).toBeNull();
      await settled();
    }
    expect([cursor.ended, readyCount() > 0]).toEqual([true, true]);
  });

  it('ends when the answer has ended and its log stays without an end, whose writer is gone', async () => {
    const state = { last: 7, ended: false, base: null };
    const log = { state: () => Promise.resolve(state), read: () => Promise.resolve(null) } as unknown as StreamLog;
    const { cursor, stream } = open(true, new LiveStream(1), log, 7);
    const now = jest.spyOn(Date, 'now');
    const ended: boolean[] = [];
    for (const time of [1, 2, 2_000, 10_000]) {
      now.mockReturnValue(time);
      stream.invalidateHead();
      expect(cursor.readBatch()).toBeNull();
      await settled();
      ended.push(cursor.ended);
    }
    now.mockRestore();
    expect(ended).toEqual([false, false, false, true]);
  });

  it('waits when its log is not there yet, and takes what comes', async () => {
    const { cursor, stream, readyCount } = open(false);
    expect(cursor.readBatch()).toBeNull();
    await settled();
    expect([cursor.ended, readyCount()]).toEqual([false, 0]);
    stream.push(batch(1, 2));
    expect(readyCount()).toBe(1);
    expect(cursor.readBatch()).toMatchObject({ first: 1, last: 2 });
    stream.push(batch(3, 3, true));
    expect(cursor.readBatch()).toMatchObject({ first: 3 });
    expect(cursor.ended).toBe(true);
  });

  it('hears of what comes while it looks into the log', async () => {
    const { cursor, stream, readyCount } = open(false);
    expect(cursor.readBatch()).toBeNull();
    stream.push(batch(1, 1));
    expect(cursor.readBatch()).toBeNull();
    await settled();
    expect(readyCount()).toBe(1);
    expect(cursor.readBatch()).toMatchObject({ first: 1 });
  });

  /** Reads until there is a batch. */
  async function next(cursor: StreamCursor): Promise<FrameBatch | null> {
    for (let reads = 0; reads < 10; reads += 1) {
      const found = cursor.readBatch();
      if (found) return found;
      await settled();
    }

    return null;
  }

  it('gives the whole text to a reader whose events come from a log that was lost, before anything else', async () => {
    const stream = new LiveStream(1);
    stream.enterLog('100');
    const state = { born: '200', last: 40, ended: false, base: 0 };
    const text = { seq: 40, content: 'the whole text', reasoning: '' };
    const log = {
      state: () => Promise.resolve(state),
      text: () => Promise.resolve(text),
      read: () => Promise.resolve(batch(31, 40)),
    } as unknown as StreamLog;
    const { cursor } = open(false, stream, log);
    stream.push(batch(1, 30));
    expect(cursor.readBatch()).toMatchObject({ last: 30 });
    stream.enterLog('200');
    stream.push(batch(41, 41));

    expect(await next(cursor)).toMatchObject({ last: 40, text: expect.stringContaining('the whole text') });
    expect(await next(cursor)).toMatchObject({ first: 41 });
  });

  it('states an ended answer again to a client that may have the number of its end from a lost owner', async () => {
    const state = { born: '100', last: 18, ended: true, base: 13 };
    const text = { seq: 18, content: 'the whole text', reasoning: '' };
    // One entry of the log has the last words and the end.
    const words = frame(1, 17, { type: 'content', content: 'text' });
    const cancelled = frame(1, 18, { type: 'cancelled', cancelled: true, proof: { while: 'running' } });
    const end = { ...batch(17, 18, true), text: words + cancelled };
    const log = {
      state: () => Promise.resolve(state),
      text: () => Promise.resolve(text),
      read: (_id: number, after: number) => Promise.resolve(after < 18 ? end : null),
    } as unknown as StreamLog;
    const { cursor } = open(true, new LiveStream(1), log, 18);
    const found = await next(cursor);

    expect(found?.text).toMatch(
      /^id: 1-1000000017\ndata: .*the whole text.*\n\nid: 1-1000000018\ndata: \{"type":"cancelled".*\n\n$/,
    );
    expect([found?.last, cursor.ended]).toEqual([1_000_000_018, true]);
  });

  it('goes on where it is when the connection to Redis was away and nothing is lost', async () => {
    const stream = new LiveStream(1);
    stream.enterLog('100');
    const state = { born: '100', last: 35, ended: false, base: null };
    const log = {
      state: () => Promise.resolve(state),
      read: () => Promise.resolve(batch(31, 35)),
    } as unknown as StreamLog;
    const { cursor } = open(false, stream, log);
    stream.push(batch(1, 30));
    expect(cursor.readBatch()).toMatchObject({ last: 30 });
    stream.recheck();

    expect(await next(cursor)).toMatchObject({ first: 31, last: 35 });
  });

  it('leaves its stream once, however often it is closed', () => {
    const { cursor, released, stream, readyCount } = open(false);
    cursor.close();
    cursor.close();
    stream.push(batch(1, 1));
    expect([released.length, readyCount()]).toEqual([1, 0]);
  });
});
