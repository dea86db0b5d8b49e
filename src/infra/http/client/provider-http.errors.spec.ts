import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { EgressPolicy } from './egress.js';
import type { ProviderHttp } from './provider-http.js';
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

describe('failures', () => {
  async function failureOf(url: string, via = http): Promise<unknown> {
    return via.post({ url, headers, body: { prompt: 'private words' } }, live()).catch((error: unknown) => error);
  }

  /** Whatever a logger would print of it. */
  function everything(error: unknown): string {
    const parts: string[] = [];
    for (let at = error; at instanceof Error; at = at.cause)
      parts.push(JSON.stringify(at), at.message, String(at.stack), inspect(at, { depth: 6 }));
    return parts.join('\n');
  }

  it('refused connections', async () => {
    const url = await local.serve(() => undefined);
    await local.close();
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
    const failing = makeHttp({
      resolve: (_host, _options, callback) => callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []),
    });
    expect(await failureOf('http://nowhere.example', failing)).toMatchObject({
      code: 'provider_unavailable',
      message: 'nowhere.example does not resolve',
    });
  });

  it('connections reset before the reply', async () => {
    const url = await local.listen(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await failureOf(url)).toMatchObject({
      code: 'provider_unavailable',
      message: expect.stringContaining('closed the connection'),
    });
  });

  it('what is no HTTP', async () => {
    const url = await local.listen(createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')));
    expect(await failureOf(url)).toMatchObject({ code: 'provider_unavailable' });
  });

  it('what is no TLS', async () => {
    const url = await local.serve(() => undefined);
    const error = await failureOf(url.replace('http:', 'https:'));
    expect(error).toMatchObject({
      code: 'provider_unavailable',
      retryable: false,
      message: expect.stringMatching(/no TLS.*use http:/),
    });
  });

  it('what is no plain HTTP', async () => {
    const url = await local.serveTls(() => undefined);
    const error = await failureOf(url.replace('https:', 'http:'));
    expect(error).toMatchObject({ code: 'provider_unavailable' });
  });

  it('certificates without a trusted signature', async () => {
    const url = await local.serveTls(() => undefined);
    expect(await failureOf(url)).toMatchObject({
      code: 'provider_unavailable',
      retryable: false,
      message: expect.stringMatching(/NODE_EXTRA_CA_CERTS.*DEPTH_ZERO_SELF_SIGNED_CERT/),
    });
  });

  it('connections that do not come about in time', async () => {
    // The name lookup never answers, which counts.
    const slow = makeHttp({ connectTimeoutMs: 30, resolve: () => undefined });
    expect(await failureOf('http://slow.example', slow)).toMatchObject({ code: 'provider_timeout', retryable: true });
  });

  it('TLS handshakes that never end', async () => {
    const url = await local.listen(createServer(() => undefined));
    const slow = makeHttp({ connectTimeoutMs: 50 });
    expect(await failureOf(url.replace('http:', 'https:'), slow)).toMatchObject({ code: 'provider_timeout' });
  });

  it.each(['http://10.0.0.1/v1', 'https://[fd00::1]/v1', 'http://2130706433/', 'http://169.254.169.254/latest'])(
    'addresses that the policy refuses: %s',
    async (url) => {
      const strict = makeHttp({ egress: new EgressPolicy({ allow: [], allowLoopback: false }) });
      expect(await failureOf(url, strict)).toMatchObject({ code: 'provider_blocked', retryable: false });
    },
  );

  it('names that lead to refused addresses', async () => {
    const strict = makeHttp({
      egress: new EgressPolicy({ allow: [], allowLoopback: false }),
      resolve: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    for (const url of ['http://rebind.example', 'https://rebind.example']) {
      expect(await failureOf(url, strict)).toMatchObject({ code: 'provider_blocked' });
    }
  });

  it.each([
    ['names', { 'bad name': KEY }],
    ['values', { 'x-api-key': `${KEY}\u2019` }],
  ])('header %s that are none', async (_what, wrong: Record<string, string>) => {
    const url = await local.serve(() => undefined);
    const error: unknown = await http.post({ url, headers: wrong, body: {} }, live()).catch((e: unknown) => e);
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
