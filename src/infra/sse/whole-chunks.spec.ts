import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { writeWholeChunks } from './whole-chunks.js';

describe('whole chunks', () => {
  let server: Server;

  afterEach(() => void server.close());

  /** What a client receives, byte for byte, of what `answer` writes. */
  async function received(version: string, answer: (response: ServerResponse) => void): Promise<string> {
    server = createServer((_request, response) => {
      writeWholeChunks(response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      answer(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
    socket.write(`GET / HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`);
    let text = '';
    for await (const part of socket) text += String(part);

    return text.slice(text.indexOf('\r\n\r\n') + 4);
  }

  it('have their size in bytes, and the body its end', async () => {
    const body = await received('1.1', (response) => {
      response.flushHeaders();
      response.write('data: 你好 😀\n\n');
      response.write('x'.repeat(300), 'utf8');
      response.end();
    });
    expect(body).toBe(`13\r\ndata: 你好 😀\n\n\r\n12c\r\n${'x'.repeat(300)}\r\n0\r\n\r\n`);
  });

  it('may be the first thing that is written, the last, or empty', async () => {
    const body = await received('1.1', (response) => {
      response.write('first');
      response.write('');
      response.write('second');
      response.end('last');
    });
    expect(body).toBe('5\r\nfirst\r\n6\r\nsecond\r\n4\r\nlast\r\n0\r\n\r\n');
  });

  it('are plain text for a client of HTTP/1.0', async () => {
    const body = await received('1.0', (response) => {
      response.flushHeaders();
      response.write('data: a\n\n');
      response.end();
    });
    expect(body).toBe('data: a\n\n');
  });
});
