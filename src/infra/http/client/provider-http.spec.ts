import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { getEventListeners, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants, createGzip, deflateSync, gzipSync } from 'node:zlib';
import { type ProviderHttp, readText } from './provider-http.js';
import { KEY, LocalServer, headers, live, makeHttp } from './provider-http.testing.js';

let http: ProviderHttp;
let local: LocalServer;

beforeEach(() => {
  http = makeHttp();
  local = new LocalServer();
});

afterEach(async () => {
  http.onModuleDestroy();
  await local.close();
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

async function* failing() {
  yield 'begin';
  await sleep(20);
  throw new Error('the client has hung up');
}

describe('post', () => {
  it('sends JSON with its headers and streams the reply', async () => {
    let seen: { body: string; headers: IncomingMessage['headers'] } | undefined;
    const url = await local.serve((request, response) => {
      void bodyOf(request).then((body) => {
        seen = { body, headers: request.headers };
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: 1\n\n');
      });
    });
    const response = await http.post(
      { url, headers: { ...headers, 'content-type': 'application/json' }, body: { a: 'é' } },
      live(),
    );

    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(await readText(response.body, { maxBytes: 100 })).toEqual({ text: 'data: 1\n\n', complete: true });
    expect(seen?.body).toBe('{"a":"é"}');
    expect(seen?.headers).toMatchObject({
      'x-api-key': KEY,
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    });
  });

  it('gives statuses of all kinds as they are, redirects included', async () => {
    let requests = 0;
    const url = await local.serve((_request, response) => {
      requests++;
      response.writeHead(302, { location: '/elsewhere' }).end('moved');
    });
    const response = await http.post({ url, headers, body: {} }, live());

    expect(response.status).toBe(302);
    expect(await response.readError()).toBe('moved');
    expect(requests).toBe(1);
  });

  it.each([
    ['gzip', gzipSync('plain')],
    ['deflate', deflateSync('plain')],
    ['br', brotliCompressSync('plain')],
    ['identity', Buffer.from('plain')],
  ])('decodes what is compressed all the same: %s', async (encoding, bytes) => {
    const url = await local.serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bytes);
    });
    const response = await http.post({ url, headers, body: {} }, live());
    expect(await readText(response.body, { maxBytes: 100 })).toEqual({ text: 'plain', complete: true });
    await response.close();
    await readText((await http.post({ url, headers, body: {} }, live())).body, { maxBytes: 100 });
    expect(local.sockets).toHaveLength(1);
  });

  it('hands on compressed events one by one, and ends where they break off', async () => {
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    const url = await local.serve((request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      gzip.pipe(response, { end: false });
      gzip.write('data: 1');
      gzip.once('error', () => request.socket.destroy());
    });
    const response = await http.post({ url, headers, body: {} }, live());
    const [first] = (await once(response.body, 'data')) as [Buffer];
    expect(String(first)).toBe('data: 1');
    gzip.destroy(new Error('the server is gone'));
    expect(await readText(response.body, { maxBytes: 100 })).toEqual({ text: '', complete: false });
  });

  it('streams a body, and lets none that breaks off look whole', async () => {
    const bodies: Promise<string>[] = [];
    const url = await local.serve((request, response) => {
      const body = bodyOf(request).catch(() => 'broken off');
      bodies.push(body);
      void body.then(() => response.end());
    });
    const send = (body: Readable) => http.request({ method: 'POST', url, headers, body }, live());
    await send(Readable.from(['one', 'two']));
    const broken = send(Readable.from(failing()));
    await expect(broken).rejects.toMatchObject({ code: 'provider_unavailable' });
    const closed = new PassThrough();
    closed.write('begin');
    setTimeout(() => closed.destroy(), 20);
    await expect(send(closed)).rejects.toMatchObject({ code: 'provider_unavailable' });

    expect(await Promise.all(bodies)).toEqual(['onetwo', 'broken off', 'broken off']);
  });

  it('uses a socket again after a reply was read to its end', async () => {
    const url = await local.serve((_request, response) => void response.end('ok'));
    for (let i = 0; i < 3; i++) {
      const response = await http.post({ url, headers, body: {} }, live());
      await readText(response.body, { maxBytes: 100 });
      await response.close();
    }
    expect(local.sockets).toHaveLength(1);
  });

  it('lets a released reply end in the background, and uses its socket again', async () => {
    const url = await local.serve((_request, response) => {
      response.write('data: [DONE]\n\n');
      setImmediate(() => response.end());
    });
    const first = await http.post({ url, headers, body: {} }, live());
    first.release();
    await once(first.body, 'end');
    await new Promise(setImmediate);
    const second = await http.post({ url, headers, body: {} }, live());
    await second.close();
    expect(local.sockets).toHaveLength(1);
  });

  it('sends again at once when a kept-alive socket turns out to be dead', async () => {
    let requests = 0;
    const url = await local.serve((request, response) => {
      requests++;
      if (requests === 2) request.socket.resetAndDestroy();
      else response.end('ok');
    });
    const first = await http.post({ url, headers, body: {} }, live());
    await readText(first.body, { maxBytes: 100 });
    const second = await http.post({ url, headers, body: {} }, live());
    expect(second.status).toBe(200);
    expect(requests).toBe(3);
  });
});

describe('readError', () => {
  it('reads 8 KB at most and then closes the socket', async () => {
    const url = await local.serve((_request, response) => {
      response.writeHead(500);
      response.write('x'.repeat(20_000));
    });
    const response = await http.post({ url, headers, body: {} }, live());
    expect(await response.readError()).toHaveLength(8192);
    await local.firstClosed();
  });

  it('gives up a body that does not come', async () => {
    const url = await local.serve((_request, response) => void response.writeHead(200).write('begin'));
    const response = await http.post({ url, headers, body: {} }, live());
    expect(await readText(response.body, { maxBytes: 100, timeoutMs: 20 })).toEqual({ text: 'begin', complete: false });
    await response.close();
  });

  it('settles when the body breaks off', async () => {
    const url = await local.serve((request, response) => {
      response.writeHead(200).write('begin');
      setTimeout(() => request.socket.destroy(), 10);
    });
    const response = await http.post({ url, headers, body: {} }, live());
    expect(await readText(response.body, { maxBytes: 100 })).toEqual({ text: 'begin', complete: false });
    expect(await readText(response.body, { maxBytes: 100 })).toMatchObject({ complete: false });
  });
});

describe('abort', () => {
  it('before the reply: throws the reason after the socket was closed', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled by the user');
    const url = await local.serve(() => controller.abort(reason));
    await expect(http.post({ url, headers, body: {} }, controller.signal)).rejects.toBe(reason);
    await local.firstClosed();
  });

  it('in the middle of a reply: close settles when the socket is closed', async () => {
    const controller = new AbortController();
    const url = await local.serve((_request, response) => void response.writeHead(200).write('data: 1\n\n'));
    const response = await http.post({ url, headers, body: {} }, controller.signal);
    await once(response.body, 'data');
    const client = (response.body as IncomingMessage).socket;
    controller.abort(new Error('cancelled'));
    let closed = false;
    client.once('close', () => (closed = true));
    await response.close();
    expect(closed).toBe(true);
    await local.firstClosed();
  });

  it('does not listen to the signal any longer than it must', async () => {
    const controller = new AbortController();
    const url = await local.serve((_request, response) => void response.end('ok'));
    const response = await http.post({ url, headers, body: {} }, controller.signal);
    await readText(response.body, { maxBytes: 100 });
    await new Promise(setImmediate);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    controller.abort();
    await readText((await http.post({ url, headers, body: {} }, live())).body, { maxBytes: 100 });
    expect(local.sockets).toHaveLength(1);
  });

  it('before anything was sent', async () => {
    const reason = new Error('too late');
    await expect(http.post({ url: 'http://127.0.0.1:9', headers, body: {} }, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });
});
