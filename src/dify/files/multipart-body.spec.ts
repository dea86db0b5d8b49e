import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { multipartBody } from './multipart-body.js';

const send = (name: string, content: AsyncIterable<Buffer>, mimeType = 'text/plain') =>
  multipartBody({ user: 'conch-1' }, { name, mimeType, content });

describe('multipartBody', () => {
  it('is a form with the texts before the file', async () => {
    const { contentType, body } = send('a.txt', Readable.from([Buffer.from('one '), Buffer.from('two')]));
    const [, boundary] = contentType.split('boundary=');

    expect(await text(body)).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="user"\r\n\r\nconch-1\r\n` +
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n` +
        `Content-Type: text/plain\r\n\r\none two\r\n--${boundary}--\r\n`,
    );
  });

  it('does not let a name or type add lines of its own', async () => {
    const { body } = send('a"\r\nX-Evil: 1.txt', Readable.from([]), 'text/plain\r\nX-Evil: 2');
    const sent = await text(body);

    expect(sent).toContain('filename="a%22%0D%0AX-Evil: 1.txt"');
    expect(sent.split('\r\n').filter((line) => line.startsWith('X-Evil'))).toEqual([]);
  });

  it('reads no more of the file than is sent', async () => {
    let read = 0;
    async function* endless() {
      for (;;) {
        read += 1;
        yield await Promise.resolve(Buffer.alloc(16_384));
      }
    }
    const { body } = send('a.bin', endless());
    await new Promise((resolve) => body.once('readable', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    body.destroy();

    expect(read).toBeLessThan(10);
  });

  it('fails as the file does', async () => {
    async function* broken() {
      yield await Promise.resolve(Buffer.from('x'));
      throw new Error('broke off');
    }

    await expect(text(send('a.txt', broken()).body)).rejects.toThrow('broke off');
  });
});
