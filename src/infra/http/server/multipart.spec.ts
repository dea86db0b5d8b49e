import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { openUpload, type Upload } from './multipart.js';
import { LocalServer } from '../client/provider-http.testing.js';

const FIELD = 'Content-Disposition: form-data; name="bot_id"\r\n\r\n7\r\n';
const FILE = 'Content-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/x-note\r\n\r\n';
const form = (...parts: string[]) => `${parts.map((part) => `--b\r\n${part}`).join('')}--b--\r\n`;

let local: LocalServer;
let arrived: Promise<Upload>;

beforeEach(() => {
  local = new LocalServer();
});
afterEach(() => local.close());

/** Sends the beginning of a form; the promise is settled by the server's side. */
async function begin(body: string, contentType = 'multipart/form-data; boundary=b'): Promise<ClientRequest> {
  let seen: (message: IncomingMessage) => void = () => undefined;
  const message = new Promise<IncomingMessage>((resolve) => (seen = resolve));
  const url = await local.serve((incoming, reply) => {
    seen(incoming);
    incoming.on('end', () => reply.end());
  });
  const client = request(url, { method: 'POST', headers: { 'content-type': contentType } });
  client.on('error', () => undefined);
  client.write(body);
  arrived = message.then(openUpload);
  arrived.catch(() => undefined);

  return client;
}

describe('a form with a file', () => {
  it('gives the fields before the file, and its bytes while they arrive', async () => {
    const client = await begin(`--b\r\n${FIELD}--b\r\n${FILE}first `);
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
    const client = await begin(form(FILE.replace('a b.txt', '../../etc/passwd') + 'x\r\n'));
    client.end();

    expect((await arrived).name).toBe('passwd');
    (await arrived).close();
  });

  it('takes an empty file', async () => {
    (await begin(form(`${FILE}\r\n`))).end();

    expect(await text((await arrived).content)).toBe('');
  });

  it.each([
    ['holds no file', form(FIELD)],
    ['is malformed', 'no form at all'],
    ['is malformed', `--b\r\n${FIELD}`],
    ['bot_id is too long', form(FIELD.replace('7', '7'.repeat(5_000)))],
  ])('is refused when it %s: %#', async (reason, body) => {
    (await begin(body)).end();

    await expect(arrived).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining(reason) });
  });

  it('is refused without a boundary, and as another type', async () => {
    (await begin('', 'multipart/form-data')).end();
    await expect(arrived).rejects.toMatchObject({ code: 'bad_request' });
    await local.close();
    (await begin('{}', 'application/json')).end();
    await expect(arrived).rejects.toMatchObject({ code: 'unsupported_media_type' });
  });

  it('fails when the client goes away before the file', async () => {
    const client = await begin(`--b\r\n${FIELD}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.destroy();

    await expect(arrived).rejects.toMatchObject({ code: 'bad_request', message: 'The upload broke off' });
  });

  it('fails its reader when the client goes away within the file', async () => {
    const client = await begin(`--b\r\n${FIELD}--b\r\n${FILE}first`);
    const { content } = await arrived;
    const read = text(content);
    client.destroy();

    await expect(read).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('fails its reader when the form ends within the file', async () => {
    const client = await begin(`--b\r\n${FILE}first`);
    const { content } = await arrived;
    const read = text(content);
    client.end();

    await expect(read).rejects.toMatchObject({ code: 'bad_request' });
  });
});
