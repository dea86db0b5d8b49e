import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { acceptForms, openUpload, type Upload } from './multipart.js';

const FIELD = 'Content-Disposition: form-data; name="bot_id"\r\n\r\n7\r\n';
const FILE = 'Content-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/x-note\r\n\r\n';
const form = (...parts: string[]) => `${parts.map((part) => `--b\r\n${part}`).join('')}--b--\r\n`;

let server: FastifyInstance;
let url: string;
let arrived: Promise<Upload>;

beforeEach(async () => {
  let seen: (request: FastifyRequest) => void = () => undefined;
  arrived = new Promise<FastifyRequest>((resolve) => (seen = resolve)).then(openUpload);
  arrived.catch(() => undefined);
  server = fastify();
  acceptForms(server);
  server.post('/', { config: { takesForms: true } }, async (incoming) => {
    seen(incoming);
    await new Promise((resolve) => incoming.raw.once('end', resolve));

    return {};
  });
  url = await server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  server.server.closeAllConnections();
  await server.close();
});

/** Sends the beginning of a form; {@link arrived} is settled by the server's side. */
function begin(body: string, contentType = 'multipart/form-data; boundary=b'): ClientRequest {
  const client = request(url, { method: 'POST', headers: { 'content-type': contentType } });
  client.on('error', () => undefined);
  client.write(body);

  return client;
}

describe('a form with a file', () => {
  it('gives the fields before the file, and its bytes while they arrive', async () => {
    const client = begin(`--b\r\n${FIELD}--b\r\n${FILE}first `);
    const upload = await arrived;
    client.end('second\r\n--b--\r\n');

    expect({ ...upload, fields: [...upload.fields] }).toMatchObject({
      fields: [['bot_id', '7']],
      name: 'a b.txt',
      mimeType: 'text/x-note',
    });
    expect(await text(upload.content)).toBe('first second');
    upload.close();
  });

  it('keeps the last part of a path as the name', async () => {
    const client = begin(form(FILE.replace('a b.txt', '../../etc/passwd') + 'x\r\n'));
    client.end();

    expect((await arrived).name).toBe('passwd');
    (await arrived).close();
  });

  it('takes an empty file', async () => {
    begin(form(`${FILE}\r\n`)).end();

    expect(await text((await arrived).content)).toBe('');
  });

  it.each([
    ['holds no file', form(FIELD)],
    ['is malformed', 'no form at all'],
    ['is malformed', `--b\r\n${FIELD}`],
    ['bot_id is too long', form(FIELD.replace('7', '7'.repeat(5_000)))],
  ])('is refused when it %s: %#', async (reason, body) => {
    begin(body).end();

    await expect(arrived).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining(reason) });
  });

  it('is refused without a boundary', async () => {
    begin('', 'multipart/form-data').end();

    await expect(arrived).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('boundary') });
  });

  it('is refused as another type', async () => {
    begin('{}', 'application/json').end();

    await expect(arrived).rejects.toMatchObject({ code: 'unsupported_media_type' });
  });

  it.each([
    ['closed', `${FILE}first`],
    ['refused', `${FIELD.replace('7', '7'.repeat(5_000))}--b\r\n${FILE}`],
  ])('has its rest read when it is %s early', async (_end, head) => {
    const client = begin(`--b\r\n${head}`);
    const reply = once(client, 'response');
    await arrived.then(
      ({ close }) => close(),
      () => undefined,
    );
    client.end(Buffer.alloc(4_000_000));

    await reply;
  });

  it('fails when the client goes away before the file', async () => {
    const client = begin(`--b\r\n${FIELD}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.destroy();

    await expect(arrived).rejects.toMatchObject({ code: 'bad_request', message: 'The upload broke off' });
  });

  it('fails its reader when the client goes away within the file', async () => {
    const client = begin(`--b\r\n${FIELD}--b\r\n${FILE}first`);
    const { content } = await arrived;
    const read = text(content);
    client.destroy();

    await expect(read).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('fails its reader when the form ends within the file', async () => {
    const client = begin(`--b\r\n${FILE}first`);
    const { content } = await arrived;
    const read = text(content);
    client.end();

    await expect(read).rejects.toMatchObject({ code: 'bad_request' });
  });
});
