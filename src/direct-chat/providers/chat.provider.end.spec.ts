/** When an answer is over: servers that say so too early, too late, or never. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ProviderBench, type Outcome } from './chat.provider.testing.js';
import { dataLines } from './providers.testing.js';

let bench: ProviderBench;
let server: Server;
let requests = 0;
let serve: (response: ServerResponse) => void = () => undefined;

beforeAll(async () => {
  bench = await ProviderBench.start();
  server = createServer((request, response) => {
    requests += 1;
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    serve(response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await bench.close();
});

/** Enough for the end of the silence, far too short for the idle limit of an answer that goes on. */
const SHORT = { endSilenceMs: 60, idleMs: 20_000 };

async function ask(
  reply: (response: ServerResponse) => void,
  limits = SHORT,
  kind: 'openai' | 'claude' = 'openai',
): Promise<Outcome> {
  serve = reply;
  requests = 0;
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return bench.run(bench.turn(kind, 'x', { baseUrl }), limits);
}

const chunk = (content: string, finish_reason: string | null = null) => ({
  choices: [{ delta: { content }, finish_reason }],
});
const finish = { choices: [{ delta: {}, finish_reason: 'stop' }] };
const usage = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };
const done = { type: 'finish', finish_reason: 'stop' };

describe('a connection that stays open', () => {
  it('behind a finish_reason ends after a short silence', async () => {
    const outcome = await ask((response) => response.write(dataLines(chunk('a'), chunk('b'), finish)));
    expect(outcome).toMatchObject({ content: 'ab', rest: [done] });
    expect(outcome.error).toBeUndefined();
    expect(requests).toBe(1);
  });

  it('behind a last piece that has the first finish_reason', async () => {
    const outcome = await ask((response) => response.write(dataLines(chunk('a'), chunk('b', 'stop'))));
    expect(outcome).toMatchObject({ content: 'ab', rest: [done] });
  });

  it('is not kept by keep-alives', async () => {
    let repeat: NodeJS.Timeout | undefined;
    const outcome = await ask((response) => {
      response.write(dataLines(chunk('a'), finish));
      repeat = setInterval(() => response.write(': ping\n\ndata: ping\n\n'), 10);
    });
    clearInterval(repeat);
    expect(outcome).toMatchObject({ content: 'a', rest: [done] });
  });

  it('behind a stop_reason of Claude', async () => {
    const text = { type: 'content_block_delta', delta: { type: 'text_delta', text: 'a' } };
    const end = { type: 'message_delta', delta: { stop_reason: 'end_turn' } };
    const outcome = await ask((response) => response.write(dataLines(text, end)), SHORT, 'claude');
    expect(outcome).toMatchObject({ content: 'a', rest: [done] });
  });

  it('behind a whole reply', async () => {
    const reply = { choices: [{ message: { content: 'a' }, finish_reason: 'stop' }] };
    const outcome = await ask((response) => response.write(JSON.stringify(reply)));
    expect(outcome).toMatchObject({ content: 'a', rest: [done] });
  });

  it('while every piece has a finish_reason ends at the idle limit, as a whole answer', async () => {
    const outcome = await ask((response) => response.write(dataLines(chunk('a', 'stop'), chunk('b', 'stop'))), {
      endSilenceMs: 10,
      idleMs: 100,
    });
    expect(outcome).toMatchObject({ content: 'ab', rest: [done] });
    expect(outcome.error).toBeUndefined();
  });

  it('without any finish_reason fails at the idle limit', async () => {
    const outcome = await ask((response) => response.write(dataLines(chunk('a'))), { endSilenceMs: 10, idleMs: 100 });
    expect(outcome).toMatchObject({ content: 'a', error: { code: 'provider_idle_timeout' } });
  });
});

describe('what follows an announced end', () => {
  const later =
    (...parts: string[]) =>
    (response: ServerResponse) => {
      const write = () => {
        const part = parts.shift();
        if (part === undefined) return response.end();
        response.write(part);
        setTimeout(write, 30);

        return undefined;
      };
      write();
    };

  it('counts', async () => {
    const outcome = await ask(later(dataLines(chunk('a'), finish), dataLines(usage), 'data: [DONE]\n\n'), {
      endSilenceMs: 5000,
      idleMs: 20_000,
    });
    expect(outcome.rest).toMatchObject([{ type: 'usage', total_tokens: 5 }, done]);
  });

  it('is part of the answer when it is text', async () => {
    const outcome = await ask(later(dataLines(chunk('a'), finish), dataLines(chunk('b'), finish)), {
      endSilenceMs: 5000,
      idleMs: 20_000,
    });
    expect(outcome).toMatchObject({ content: 'ab', rest: [done] });
  });
});

it('a body that cannot be read is asked for once', async () => {
  const outcome = await ask((response) => response.end('Service is moving\n'));
  expect(outcome.error).toMatchObject({
    code: 'provider_protocol',
    message: expect.stringContaining('Service is moving'),
  });
  expect(requests).toBe(1);
});
