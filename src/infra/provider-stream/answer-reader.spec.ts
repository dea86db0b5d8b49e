import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { PassThrough, type Readable } from 'node:stream';
import { AnswerReader } from './answer-reader.js';
import { OpenaiEvents } from '../../direct-chat/providers/openai/openai.events.js';
import { ProviderTimeouts } from './provider-timeouts.js';
import { OPENAI_SOURCE, dataLines } from '../../direct-chat/providers/providers.testing.js';

const opened: ProviderTimeouts[] = [];

/** A consumer that asks for one part after the other. */
class Consumer {
  constructor(private readonly reader: AnswerReader) {}

  /** Null at the end. @throws what the answer failed with */
  async next() {
    const batch = this.reader.read();
    if (batch) return batch;
    await new Promise<void>((resolve) => this.reader.whenReady(resolve));
    const later = this.reader.read();
    if (!later && this.reader.failure) throw this.reader.failure.reason;

    return later;
  }
}

/** All text of an answer. */
async function textOf(reader: Consumer): Promise<string> {
  let whole = '';
  for (let batch = await reader.next(); batch; batch = await reader.next())
    for (const event of batch) if (event.type === 'content') whole += event.content;

  return whole;
}

function read(body: Readable): Consumer {
  const timeouts = new ProviderTimeouts({ firstTokenMs: 60_000, idleMs: 60_000, totalMs: 60_000 }, () => undefined);
  opened.push(timeouts);
  return new Consumer(new AnswerReader(body, new OpenaiEvents(OPENAI_SOURCE), timeouts));
}

afterEach(() => opened.splice(0).forEach((timeouts) => timeouts.stop()));

const text = (content: string) => dataLines({ choices: [{ delta: { content } }] });
const END = dataLines({ choices: [{ delta: {}, finish_reason: 'stop' }] });

describe('AnswerReader', () => {
  it('gives what arrived since the last call', async () => {
    const body = new PassThrough();
    const reader = read(body);
    body.write(text('a'));
    expect(await reader.next()).toEqual([{ type: 'content', content: 'a' }]);
    body.write(text('b'));
    await setImmediate();
    body.write(text('c'));
    await setImmediate();
    expect(await reader.next()).toEqual([{ type: 'content', content: 'bc' }]);
    body.end(END);
    expect(await reader.next()).toEqual([{ type: 'finish', finish_reason: 'stop' }]);
    expect(await reader.next()).toBeNull();
  });

  it('pauses the body while its consumer is away, and goes on with it', async () => {
    const body = new PassThrough();
    const reader = read(body);
    const large = 'x'.repeat(40_000);
    for (let i = 0; i < 3; i++) body.write(text(large));
    body.end(END);
    await setImmediate();
    expect(body.isPaused()).toBe(true);
    expect(await textOf(reader)).toHaveLength(120_000);
  });

  describe('of bodies that flood', () => {
    const BODIES = 12;
    const CHUNKS = 16;
    const SIZE = 30_000;
    const part = text('x'.repeat(SIZE));

    function flood() {
      return Array.from({ length: BODIES }, () => {
        const body = new PassThrough({ highWaterMark: 2 ** 24 });
        for (let i = 0; i < CHUNKS; i++) body.write(part);

        return body;
      });
    }

    it('lets the event loop turn while it reads them, and loses nothing', async () => {
      let turns = 0;
      const count = () => {
        turns += 1;
        counting = globalThis.setImmediate(count);
      };
      let counting = globalThis.setImmediate(count);
      const lengths = flood().map(async (body) => {
        body.end(END);

        return (await textOf(read(body))).length;
      });

      expect(await Promise.all(lengths)).toEqual(lengths.map(() => CHUNKS * SIZE));
      clearImmediate(counting);
      // 5.8 MB, of which one turn may read 256 KB and a chunk.
      expect(turns).toBeGreaterThanOrEqual(15);
    });

    it('gives what was read of one that breaks before its turn comes', async () => {
      const ends = flood().map(async (body) => {
        const reader = read(body);
        body.once('data', () => body.destroy(new Error('reset')));
        const first = await reader.next();
        await expect(reader.next()).rejects.toMatchObject({ code: 'provider_truncated' });

        return first;
      });

      for (const first of await Promise.all(ends))
        expect(first).toEqual([{ type: 'content', content: expect.stringMatching(/^(x{30000})+$/) }]);
    });
  });

  it('gives the text before it throws the error of the same read', async () => {
    const body = new PassThrough();
    const reader = read(body);
    body.write(text('a') + dataLines({ error: { message: 'boom' } }));
    expect(await reader.next()).toEqual([{ type: 'content', content: 'a' }]);
    await expect(reader.next()).rejects.toMatchObject({ code: 'provider_unavailable' });
    await expect(reader.next()).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  it('a body that breaks is truncated, or whole when its finish_reason had come', async () => {
    const broken = new PassThrough();
    const reader = read(broken);
    broken.write(text('a'));
    await reader.next();
    broken.destroy(new Error('reset'));
    await expect(reader.next()).rejects.toMatchObject({ code: 'provider_truncated' });

    const whole = new PassThrough();
    const other = read(whole);
    whole.write(text('a') + END);
    await other.next();
    whole.destroy(new Error('reset'));
    expect(await other.next()).toEqual([{ type: 'finish', finish_reason: 'stop' }]);
    expect(await other.next()).toBeNull();
  });

  it('a body that was destroyed before anybody listened does not hang', async () => {
    const body = new PassThrough();
    body.destroy();
    await once(body, 'close');
    await expect(read(body).next()).rejects.toMatchObject({ code: 'provider_truncated' });
  });
});
