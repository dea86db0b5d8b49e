import { afterEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { InternalHttp } from './internal-http.js';
import { LocalServer } from './provider-http.testing.js';

const TOKEN = 'internal-very-secret';

describe('InternalHttp', () => {
  const local = new LocalServer();
  const http = new InternalHttp(TOKEN);

  afterEach(async () => {
    http.onModuleDestroy();
    await local.close();
  });

  it('gives replies of all statuses, with the words of the server', async () => {
    const url = await local.serve((request, reply) => {
      reply.setHeader('content-type', 'application/json');
      reply.writeHead(503).end(JSON.stringify({ detail: request.headers.authorization }));
    });

    expect(await http.send('POST', url, { a: 1 })).toMatchObject({ status: 503, message: `Bearer ${TOKEN}` });
  });

  it('throws errors without the token', async () => {
    const url = await local.serve((request) => request.socket.destroy());
    const error: unknown = await http.send('POST', url, { a: 'private words' }).catch((failure: unknown) => failure);

    expect(error).toMatchObject({ code: 'ECONNRESET', message: expect.any(String) });
    expect(inspect(error, { depth: 6 })).not.toContain(TOKEN);
    expect(inspect(error, { depth: 6 })).not.toContain('private words');
  });
});
