import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { UploadWatch, type WatchOptions } from './upload-watch.js';

const gone = new AbortController();
let watch: UploadWatch;

function watched(content: AsyncIterable<Buffer>, options: Partial<WatchOptions> = {}): UploadWatch {
  watch = new UploadWatch(content, { maxBytes: 5, gone: gone.signal, ...options });

  return watch;
}

const bytes = (...pieces: string[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));

afterEach(() => watch.end());

describe('an upload', () => {
  it('passes when it is not too large', async () => {
    expect(await text(watched(bytes('123', '45')))).toBe('12345');
    expect(watch.signal.aborted).toBe(false);
  });

  it('ends with the first byte too much', async () => {
    await expect(text(watched(bytes('123', '456')))).rejects.toMatchObject({ code: 'payload_too_large' });
  });

  it('ends when it does not move', async () => {
    const content = new Readable({ read: () => undefined }) as AsyncIterable<Buffer>;
    const { signal } = watched(content, { stalledMs: 5 });
    await once(signal, 'abort');

    expect(signal.reason).toMatchObject({ code: 'bad_request' });
  });

  it('ends when it was sent and nothing comes of it', async () => {
    const { signal } = watched(bytes('1'), { stalledMs: 20 });
    await text(watch);
    await once(signal, 'abort');

    expect(signal.reason).toMatchObject({ code: 'provider_timeout', retryable: true });
  });

  it('ends with its sender', () => {
    const { signal } = watched(bytes('1'));
    gone.abort(new Error('gone'));

    expect(signal.reason).toBe(gone.signal.reason);
  });
});
