import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { endAll, temporaryDirectory } from '../support/child.js';
import { Conch, entryOf } from '../support/conch.js';
import { type RawReply, send } from '../support/http-send.js';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const SCRIPT = 'console.log("a script of some length, of some length, of some length")';
const INDEX = `<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><style nonce="__CSP_NONCE__"></style>
<script type="module" src="/assets/index-a1b2.js"></script>`;

describe('the web page', () => {
  /** A package of its own, whose page is made up. */
  const folder = temporaryDirectory('package');
  const dist = join(folder.path, 'web', 'dist');
  let server: Conch;

  beforeAll(async () => {
    await symlink(resolve('node_modules'), join(folder.path, 'node_modules'));
    await cp(resolve('package.json'), join(folder.path, 'package.json'));
    await cp(dirname(dirname(entryOf('src/main.js'))), join(folder.path, 'dist'), { recursive: true });
    server = await Conch.start({ SIMULATOR: 'off' }, join(folder.path, 'dist', 'src', 'main.js'));
  });

  beforeEach(async () => {
    await mkdir(join(dist, 'assets', 'deep'), { recursive: true });
    await mkdir(join(dist, 'icons'), { recursive: true });
    const files: Record<string, string | Buffer> = {
      ...{ 'index.html': INDEX, 'index.html.br': 'never sent', 'favicon.svg': '<svg/>', 'icons/a b.png': 'an icon' },
      ...{ 'assets/index-a1b2.js': SCRIPT, 'assets/plain-c3d4.css': 'a{}', '.build-hash': 'hidden' },
      'assets/index-a1b2.js.br': brotliCompressSync(SCRIPT),
      'assets/index-a1b2.js.gz': gzipSync(SCRIPT),
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(dist, name), content);
    await writeFile(join(folder.path, 'web', 'secret.txt'), 'a secret');
  });

  afterAll(async () => {
    await endAll(server);
    await folder.remove();
  });

  function call(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawReply> {
    const { host, port } = new URL(server.url);

    return send(Number(port), { method, path, headers: { host, ...headers } });
  }

  const nonceOf = ({ text }: RawReply) => /<style nonce="([\w+/=]+)">/.exec(text)?.[1];

  it.each(['/', '/chat/5', '/shared/abc.def.ghi', '/settings/shells?tab=images', '/index.html', '/apiary'])(
    'answers %s with the page',
    async (path) => {
      const reply = await call(path, HTML);
      expect(reply.status).toBe(200);
      expect(reply.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'private, no-cache',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(reply.text).toContain('<script type="module"');
    },
  );

  it('answers / also programs that name no type', async () => {
    expect((await call('/')).status).toBe(200);
  });

  it('has a policy with a nonce of each reply', async () => {
    const [one, two] = [await call('/', HTML), await call('/', HTML)];
    const nonce = nonceOf(one);
    expect(nonce).toHaveLength(24);
    expect(nonceOf(two)).not.toBe(nonce);
    expect(one.text).not.toContain('__CSP_NONCE__');
    expect(one.text).toContain(`<meta property="csp-nonce" nonce="${nonce}">`);
    expect(one.headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; style-src-attr 'unsafe-inline'; ` +
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; " +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
  });

  it('confirms a copy that is still right, which keeps its own policy', async () => {
    const { etag } = (await call('/chat/5', HTML)).headers;
    const same = await call('/chat/6', { ...HTML, 'if-none-match': `"x", ${String(etag)}` });
    expect(same).toMatchObject({ status: 304, text: '' });
    expect(same.headers).not.toHaveProperty('content-security-policy');
    expect(same.headers.etag).toBe(etag);
    expect((await call('/chat/6', { ...HTML, 'if-none-match': '"x"' })).status).toBe(200);
  });

  it.each([
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['identity', undefined],
  ])('sends scripts as the build has compressed them: %s', async (accepted, encoding) => {
    const reply = await fetch(`${server.url}/assets/index-a1b2.js`, { headers: { 'accept-encoding': accepted } });
    expect(await reply.text()).toBe(SCRIPT);
    expect(reply.headers.get('content-encoding') ?? undefined).toBe(encoding);
    expect(reply.headers.get('vary')).toBe('accept-encoding');
    expect(reply.headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(reply.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(reply.headers.get('content-security-policy')).toContain("script-src 'self'");
  });

  it('sends what has no compressed copy as it is', async () => {
    const reply = await call('/assets/plain-c3d4.css', { 'accept-encoding': 'br' });
    expect([reply.status, reply.text, reply.headers['content-encoding']]).toEqual([200, 'a{}', undefined]);
  });

  it.each(['/favicon.svg', '/icons/a%20b.png'])(
    'sends %s, whose name has no hash, to be asked for again',
    async (path) => {
      const reply = await call(path);
      expect([reply.status, reply.headers['cache-control']]).toEqual([200, 'no-cache']);
      expect((await call(path, { 'if-none-match': String(reply.headers.etag) })).status).toBe(304);
    },
  );

  it.each(['/', '/chat/5', '/assets/index-a1b2.js'])('answers HEAD like GET: %s', async (path) => {
    const [got, head] = [await call(path, HTML), await call(path, HTML, 'HEAD')];
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(got.headers['content-length']);
    expect(head.headers['content-type']).toBe(got.headers['content-type']);
  });

  it.each([
    ['/assets/gone-0000.js', HTML],
    ['/assets/deep', HTML],
    ['/assets/', HTML],
    ['/missing.png', { accept: 'image/*,*/*' }],
    ['/chat/5', { accept: 'application/json' }],
    ['/api', HTML],
    ['/api/', HTML],
    ['/api/nothing', HTML],
    ['/api/health/nothing', HTML],
  ])('answers %s as the API does: nothing there', async (path, headers) => {
    const reply = await call(path, headers);
    expect(reply.status).toBe(404);
    expect(JSON.parse(reply.text)).toMatchObject({ statusCode: 404, code: 'not_found' });
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(reply.headers['content-security-policy']).toContain("default-src 'none';base-uri 'none'");
  });

  it('leaves the API alone', async () => {
    expect(await call('/api/health/live', HTML)).toMatchObject({ status: 200, text: expect.stringContaining('ok') });
    expect((await call('/api/health/live', {}, 'HEAD')).status).toBe(200);
    expect((await call('/chat/5', HTML, 'POST')).status).toBe(404);
    expect((await call('/api/health/live', HTML, 'POST')).status).toBe(404);
  });

  it.each([
    ...['/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/assets/../../secret.txt', '/..%5csecret.txt'],
    ...['/assets/..%2f..%2fsecret.txt', '/assets/%2e%2e%2f%2e%2e%2fsecret.txt', '/....//secret.txt', '//secret.txt'],
    ...['/.build-hash', '/%2ebuild-hash', '/assets/.%2e/.build-hash', '/favicon.svg%00.png', '/icons//a%20b.png'],
    ...['/%252e%252e%252fsecret.txt', '/..;/secret.txt', `/${'a/'.repeat(2000)}`, `/${'x'.repeat(5000)}`],
  ])('sends nothing outside of the build: %s', async (path) => {
    const asked = { accept: 'text/plain' };
    const reply = await call(path, asked);
    expect([reply.status, /secret|hidden|<svg|icon/.test(reply.text.replace(/"message".*/, ''))]).toEqual([404, false]);
  });

  it.each(['/%zz', '/%c0%ae%c0%ae/secret.txt'])('refuses what is no path: %s', async (path) => {
    expect((await call(path, HTML)).status).toBe(400);
  });

  it.each<Record<string, string>>([{ range: 'bytes=999999-' }, { 'if-match': '"other"' }])(
    'refuses conditions that it cannot meet: %j',
    async (headers) => {
      const { status } = await call('/assets/index-a1b2.js', headers);
      expect([412, 416]).toContain(status);
    },
  );

  it('is opened by links of other sites, and not framed or fetched by them', async () => {
    const cross = { ...HTML, 'sec-fetch-site': 'cross-site' };
    expect((await call('/', { ...cross, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })).status).toBe(
      200,
    );
    expect((await call('/', { ...cross, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' })).status).toBe(403);
    expect((await call('/favicon.svg', { ...cross, 'sec-fetch-mode': 'no-cors' })).status).toBe(403);
    expect((await call('/', { ...HTML, host: 'stranger.example' })).status).toBe(403);
    const opened = { ...cross, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await call('/api/health/live', opened)).status).toBe(403);
    expect((await call('/', { ...opened, host: 'stranger.example' })).status).toBe(403);
  });

  it('says when it is not built, and serves a build that comes later', async () => {
    await rm(dist, { recursive: true });
    const reply = await call('/', HTML);
    expect(reply.status).toBe(404);
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(reply.text).toBe('The web page is not built: run "npm run build". The API is described at /api/docs.\n');
    expect((await call('/api/health/live')).status).toBe(200);
    await mkdir(dist);
    await writeFile(join(dist, 'index.html'), INDEX);
    expect((await call('/chat', HTML)).status).toBe(200);
  });

  it('has found no error of the server', () => {
    expect(server.logs).not.toMatch(/ERROR/);
  });
});
