import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import type { ProviderHttp } from '../../infra/http/client/provider-http.js';
import { LocalServer, makeHttp } from '../../infra/http/client/provider-http.testing.js';
import type { TestConnectionDto } from '../../models/models.dto.js';
import { ChatShellProvider } from './chat.provider.js';
import { ConnectionTestService } from '../connection-test/connection-test.service.js';
import { dataLines } from './providers.testing.js';

const USER = 7;
let http: ProviderHttp;
let server: LocalServer;
let seen: { request: IncomingMessage; body: string }[];

beforeEach(() => {
  http = makeHttp();
  server = new LocalServer();
  seen = [];
});

afterEach(async () => {
  http.onModuleDestroy();
  await server.close();
});

/** A server that answers with a stream; remembers what it was asked. */
function serve(...chunks: unknown[]): Promise<string> {
  return server.serve((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => (body += bytes.toString()));
    request.on('end', () => {
      seen.push({ request, body });
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(dataLines(...chunks));
    });
  });
}

/** Decides against any other attempt. */
function once(error: unknown): never {
  throw error;
}

function test(dto: Partial<TestConnectionDto>) {
  const limits = { firstTokenMs: 5_000, idleMs: 5_000, totalMs: 5_000, endSilenceMs: 2_000 };
  const provider = new ChatShellProvider(http, limits, once);
  const service = new ConnectionTestService(
    [provider],
    new EndUserPseudonyms({ encryptionKeys: ['k'], jwtSecret: 's' }),
  );

  return service.test(USER, { provider_type: 'openai', model_id: 'm', api_key: 'sk-12345678', ...dto });
}

const answer = { choices: [{ delta: { content: 'Hello' } }] };

describe('a test of a connection', () => {
  it('asks as a chat does, whatever came along with what was pasted', async () => {
    const base_url = ` ${await serve(answer)}/v1/\n`;
    const given = { base_url, api_key: ' "Bearer sk-12345678"\n', model_id: ' m\n', headers: { 'x-team': 'docs' } };
    expect(await test({ ...given, parameters: { systemRole: 'user' } })).toEqual({
      success: true,
      message: 'm answers',
    });
    const [{ request, body } = { request: undefined, body: '{}' }] = seen;
    expect(JSON.parse(body)).toEqual({
      ...{ model: 'm', stream: true, stream_options: { include_usage: true } },
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect([request?.url, request?.headers.authorization, request?.headers['x-team']]).toEqual([
      ...['/v1/chat/completions', 'Bearer sk-12345678', 'docs'],
    ]);
  });

  it('fails when an error follows before any part of an answer', async () => {
    const base_url = `${await serve({ choices: [], usage: { prompt_tokens: 1 } }, { error: { message: 'No credit' } })}/v1`;
    expect(await test({ base_url })).toEqual({ success: false, message: expect.stringContaining('No credit') });
  });

  it('says what cannot work without asking', async () => {
    for (const [dto, message] of [
      [{ base_url: '127.0.0.1:80/v1' }, 'base_url must be an http:// or https:// URL'],
      [{ api_key: '***5678' }, 'enter it again'],
      [{ model_id: ' \n' }, 'must not be blank'],
    ] as const)
      expect(await test(dto)).toEqual({ success: false, message: expect.stringContaining(message) });
    await expect(test({ parameters: { nonsense: 1 } })).rejects.toMatchObject({ code: 'validation_failed' });
    expect(seen).toEqual([]);
  });
});
