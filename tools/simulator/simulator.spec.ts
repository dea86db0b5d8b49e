import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText, type Simulator, startSimulator } from './simulator.js';

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterAll(() => simulator.close());

async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(5);
}

function openAi(script: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${simulator.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-sim', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sim', stream: true, messages: [{ role: 'user', content: `[sim ${script}]` }] }),
    signal,
  });
}

describe('answers that are held', () => {
  it('go on to the number of tokens, and to the end when they are let go', async () => {
    simulator.holdAt(3);
    const reply = openAi('tokens=20 rate=1000').then((response) => response.text());
    await until(() => simulator.counters.tokensSent === 3);
    await sleep(50);
    expect(simulator.counters.tokensSent).toBe(3);
    simulator.holdAt(5);
    await until(() => simulator.counters.tokensSent === 5);
    simulator.holdAt(Infinity);

    expect(await reply).toContain('[DONE]');
    expect(simulator.counters.tokensSent).toBe(20);
  });
});

describe('an abort by the client', () => {
  it('stops a paced stream and is counted', async () => {
    const client = new Anthropic({ baseURL: `${simulator.url}/claude`, apiKey: 'sk-ant-sim' });
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: '[sim tokens=100000 rate=100]' }];
    const stream = client.messages.stream({ model: 'sim', max_tokens: 100_000, messages });
    stream.on('text', () => stream.abort());
    await expect(stream.done()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    await until(() => simulator.counters.aborts === 1);
    const captured = simulator.requests[0];
    expect(simulator.counters).toMatchObject({ openStreams: 0, totalStreams: 1 });
    expect(captured?.aborted_at).toBe(simulator.counters.lastAbortAt);
    expect(captured?.aborted_at).toBeGreaterThan(captured?.time ?? Infinity);
    const sent = simulator.counters.tokensSent;
    await sleep(30);
    expect(simulator.counters.tokensSent).toBe(sent);
  });

  it.each(['case=hang-before-headers', 'headers_delay=60000', 'delay=60000', 'case=hang-after-delta', 'case=slow'])(
    'ends %s',
    async (script) => {
      const abort = new AbortController();
      const reply = openAi(script, abort.signal).then((response) => response.text());
      await until(() => simulator.counters.openStreams === 1);
      abort.abort();
      await expect(reply).rejects.toThrow();
      await until(() => simulator.counters.openStreams === 0);
      expect(simulator.counters).toMatchObject({ aborts: 1, totalStreams: 1 });
    },
  );

  it('ends a stream of nothing but pings', async () => {
    const abort = new AbortController();
    const reply = await openAi('case=only-comments', abort.signal);
    const reader = reply.body?.getReader();
    for (let i = 0; i < 3; i += 1) {
      const part = await reader?.read();
      expect(Buffer.from(part?.value ?? []).toString()).toMatch(/^(: keep-alive\n\n)+$/);
    }
    abort.abort();
    await until(() => simulator.counters.aborts === 1);
  });
});

describe('bytes on the wire', () => {
  it.each([
    ['utf8-split', (chunk: Buffer) => Buffer.from(chunk.toString()).equals(chunk)],
    ['one-over-many', (chunk: Buffer) => chunk.length > 7],
  ])('%s really splits', async (name, whole) => {
    const req = request(`${simulator.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
    });
    req.end(
      JSON.stringify({ model: `sim:tokens=2,case=${name}`, stream: true, messages: [{ role: 'user', content: 'a' }] }),
    );
    const [res] = (await once(req, 'response')) as [AsyncIterable<Buffer>];
    const chunks: Buffer[] = [];
    for await (const chunk of res) chunks.push(chunk);
    expect(chunks.some((chunk) => !whole(chunk))).toBe(true);
    expect(Buffer.concat(chunks).toString()).toMatch(/data: \[DONE\]\n\n$/);
  });

  it('keeps order and completeness of a long unpaced stream', async () => {
    const body = await (await openAi('tokens=5000 rate=0')).text();
    const tokens = [...body.matchAll(/"delta":\{"content":"(w[^"]*)"/g)].map((match) => match[1]);
    expect(tokens.join('')).toBe(generatedText(5000));
    expect(simulator.counters.tokensSent).toBe(5000);
  });
});

describe('the simulator', () => {
  it('captures requests', async () => {
    await (await openAi('tokens=1 rate=0')).text();
    await until(() => simulator.requests[0]?.finished_at !== undefined);
    expect(simulator.requests).toMatchObject([
      {
        ...{ id: 1, provider: 'openai', method: 'POST', path: '/openai/v1/chat/completions', status: 200 },
        ...{ headers: { authorization: 'Bearer sk-sim' }, body: { model: 'sim' }, tokens_sent: 1 },
      },
    ]);
    expect(simulator.requests[0]).not.toHaveProperty('aborted_at');
  });

  it('keeps a bounded number of requests', async () => {
    for (let i = 0; i < 1010; i += 1) await (await fetch(`${simulator.url}/openai/v1/models`)).text();
    expect(simulator.requests.length).toBe(1000);
    expect(simulator.requests[0]?.id).toBe(11);
  });

  it('shows its memory over HTTP', async () => {
    await (await openAi('tokens=1 rate=0')).text();
    const state = (await (await fetch(`${simulator.url}/__sim/state`)).json()) as object;
    expect(state).toMatchObject({ requests: 1, openStreams: 0, totalStreams: 1, aborts: 0, tokensSent: 1 });
    const requests = (await (await fetch(`${simulator.url}/__sim/requests`)).json()) as object[];
    expect(requests.length).toBe(1);
    await fetch(`${simulator.url}/__sim/reset`, { method: 'POST' });
    expect(simulator.counters).toMatchObject({ requests: 0, tokensSent: 0 });
    expect(simulator.requests.length).toBe(0);
  });

  it.each([
    ['/claude/v1/complete', { type: 'error', error: { type: 'not_found_error' } }],
    ['/openai/chat/completions', { error: { type: 'invalid_request_error', code: null } }],
    ['/elsewhere', { error: { type: 'invalid_request_error' } }],
  ])('answers %s with 404', async (path, body) => {
    const reply = await fetch(`${simulator.url}${path}`, { method: 'POST', body: '{}' });
    expect(reply.status).toBe(404);
    expect(await reply.json()).toMatchObject(body);
  });

  it('closes in spite of open streams', async () => {
    const other = await startSimulator();
    const reply = await fetch(`${other.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: JSON.stringify({ model: 'sim:case=slow', stream: true, messages: [{ role: 'user', content: 'a' }] }),
    });
    await other.close();
    await expect(reply.text()).rejects.toThrow();
  });
});
