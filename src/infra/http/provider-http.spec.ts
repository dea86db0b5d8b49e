import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { EgressPolicy } from './egress.js';
import { ProviderHttp, type ProviderHttpOptions } from './provider-http.js';
import { readText } from './provider-http.body.js';

const KEY = 'sk-ant-very-secret';
const headers = { 'x-api-key': KEY };
const live = () => new AbortController().signal;

let http: ProviderHttp;
let server: Server | TcpServer | undefined;
let sockets: Socket[];

const make = (options: Partial<ProviderHttpOptions> = {}) =>
  new ProviderHttp({
    egress: new EgressPolicy({ allow: [], allowLoopback: true }),
    connectTimeoutMs: 2000,
    ...options,
  });

async function listen(listener: RequestListener): Promise<string> {
  return listenOn(createHttpServer(listener));
}

async function listenOn(target: Server | TcpServer): Promise<string> {
  server = target;
  target.on('connection', (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  return `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

beforeEach(() => {
  sockets = [];
  http = make();
});

afterEach(async () => {
  http.onModuleDestroy();
  for (const socket of sockets) socket.destroy();
  if (server?.listening) await new Promise((done) => server?.close(done));
});

describe('post', () => {
  it('sends JSON with its headers and streams the reply', async () => {
    let seen: { body: string; headers: IncomingMessage['headers'] } | undefined;
    const url = await listen(async (request, response) => {
      seen = { body: await bodyOf(request), headers: request.headers };
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: 1\n\n');
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
    const url = await listen((_request, response) => {
      requests++;
      response.writeHead(302, { location: '/elsewhere' }).end('moved');
    });
    const response = await http.post({ url, headers, body: {} }, live());

    expect(response.status).toBe(302);
    expect(await response.readError()).toBe('moved');
    expect(requests).toBe(1);
  });

  it('decodes what is compressed all the same', async () => {
    const url = await listen((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('plain'));
    });
    const response = await http.post({ url, headers, body: {} }, live());
    expect((await readText(response.body, { maxBytes: 100 })).text).toBe('plain');
  });

  it('uses a socket again after a reply was read to its end', async () => {
    const url = await listen((_request, response) => void response.end('ok'));
    for (let i = 0; i < 3; i++) {
      const response = await http.post({ url, headers, body: {} }, live());
      await readText(response.body, { maxBytes: 100 });
      await response.close();
    }
    expect(sockets).toHaveLength(1);
  });

  it('lets a released reply end in the background, and uses its socket again', async () => {
    const url = await listen((_request, response) => {
      response.write('data: [DONE]\n\n');
      setImmediate(() => response.end());
    });
    const first = await http.post({ url, headers, body: {} }, live());
    first.release();
    await once(first.body, 'end');
    await new Promise(setImmediate);
    const second = await http.post({ url, headers, body: {} }, live());
    await second.close();
    expect(sockets).toHaveLength(1);
  });

  it('sends again at once when a kept-alive socket turns out to be dead', async () => {
    let requests = 0;
    const url = await listen((request, response) => {
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
    const url = await listen((_request, response) => {
      response.writeHead(500);
      response.write('x'.repeat(20_000));
    });
    const response = await http.post({ url, headers, body: {} }, live());
    expect(await response.readError()).toHaveLength(8192);
    const [socket] = sockets;
    if (socket && !socket.closed) await once(socket, 'close');
  });

  it('gives up a body that does not come', async () => {
    const url = await listen((_request, response) => void response.writeHead(200).write('begin'));
    const response = await http.post({ url, headers, body: {} }, live());
    expect(await readText(response.body, { maxBytes: 100, timeoutMs: 20 })).toEqual({ text: 'begin', complete: false });
    await response.close();
  });

  it('settles when the body breaks off', async () => {
    const url = await listen((request, response) => {
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
    const url = await listen(() => controller.abort(reason));
    await expect(http.post({ url, headers, body: {} }, controller.signal)).rejects.toBe(reason);
    const [socket] = sockets;
    if (socket && !socket.closed) await once(socket, 'close');
  });

  it('in the middle of a reply: close settles when the socket is closed', async () => {
    const controller = new AbortController();
    const url = await listen((_request, response) => void response.writeHead(200).write('data: 1\n\n'));
    const response = await http.post({ url, headers, body: {} }, controller.signal);
    await once(response.body, 'data');
    const client = (response.body as IncomingMessage).socket;
    controller.abort(new Error('cancelled'));
    let closed = false;
    client.once('close', () => (closed = true));
    await response.close();
    expect(closed).toBe(true);
    const [socket] = sockets;
    if (socket && !socket.closed) await once(socket, 'close');
  });

  it('before anything was sent', async () => {
    const reason = new Error('too late');
    await expect(http.post({ url: 'http://127.0.0.1:9', headers, body: {} }, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });
});

describe('failures', () => {
  async function failureOf(url: string, via = http): Promise<unknown> {
    return via.post({ url, headers, body: { prompt: 'private words' } }, live()).catch((error: unknown) => error);
  }

  /** Whatever a logger would print of it. */
  function everything(error: unknown): string {
    const parts: string[] = [];
    for (let at = error; at instanceof Error; at = at.cause)
      parts.push(JSON.stringify(at), at.message, String(at.stack));
    return parts.join('\n');
  }

  it('refused connections', async () => {
    const url = await listen(() => undefined);
    await new Promise((done) => server?.close(done));
    const error = await failureOf(url);
    expect(error).toMatchObject({
      code: 'provider_unavailable',
      retryable: true,
      message: expect.stringContaining('refused the connection'),
    });
    expect(everything(error)).not.toContain(KEY);
    expect(everything(error)).not.toContain('private words');
  });

  it('names that do not resolve', async () => {
    const failing = make({
      resolve: (_host, _options, callback) => callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []),
    });
    expect(await failureOf('http://nowhere.example', failing)).toMatchObject({
      code: 'provider_unavailable',
      message: 'nowhere.example does not resolve',
    });
  });

  it('connections reset before the reply', async () => {
    const url = await listenOn(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await failureOf(url)).toMatchObject({
      code: 'provider_unavailable',
      message: expect.stringContaining('closed the connection'),
    });
  });

  it('what is no HTTP', async () => {
    const url = await listenOn(createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')));
    expect(await failureOf(url)).toMatchObject({ code: 'provider_unavailable' });
  });

  it('what is no TLS', async () => {
    const url = await listen(() => undefined);
    const error = await failureOf(url.replace('http:', 'https:'));
    expect(error).toMatchObject({ code: 'provider_unavailable', message: expect.stringContaining('TLS') });
  });

  it('connections that do not come about in time', async () => {
    // The name lookup never answers, which counts.
    const slow = make({ connectTimeoutMs: 30, resolve: () => undefined });
    expect(await failureOf('http://slow.example', slow)).toMatchObject({ code: 'provider_timeout', retryable: true });
  });

  it('TLS handshakes that never end', async () => {
    const url = await listenOn(createServer(() => undefined));
    const slow = make({ connectTimeoutMs: 50 });
    expect(await failureOf(url.replace('http:', 'https:'), slow)).toMatchObject({ code: 'provider_timeout' });
  });

  it.each(['http://10.0.0.1/v1', 'https://[fd00::1]/v1', 'http://2130706433/', 'http://169.254.169.254/latest'])(
    'addresses that the policy refuses: %s',
    async (url) => {
      const strict = make({ egress: new EgressPolicy({ allow: [], allowLoopback: false }) });
      expect(await failureOf(url, strict)).toMatchObject({ code: 'provider_blocked', retryable: false });
    },
  );

  it('names that lead to refused addresses', async () => {
    const strict = make({
      egress: new EgressPolicy({ allow: [], allowLoopback: false }),
      resolve: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    for (const url of ['http://rebind.example', 'https://rebind.example']) {
      expect(await failureOf(url, strict)).toMatchObject({ code: 'provider_blocked' });
    }
  });

  it('header names that are none', async () => {
    const url = await listen(() => undefined);
    const error: unknown = await http
      .post({ url, headers: { 'bad name': KEY }, body: {} }, live())
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'provider_bad_request' });
    expect(everything(error)).not.toContain(KEY);
  });

  it.each([
    ['nonsense', /not a URL/],
    ['ftp://host/x', /neither http nor https/],
    ['http://user:hunter2@host/', /user name or password/],
  ])('addresses that are none: %s', async (url, message) => {
    const error = await failureOf(url);
    expect(error).toMatchObject({
      code: 'provider_bad_request',
      retryable: false,
      message: expect.stringMatching(message),
    });
    expect(everything(error)).not.toContain('hunter2');
  });
});
