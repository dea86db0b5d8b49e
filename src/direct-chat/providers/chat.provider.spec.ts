import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../../tools/simulator/simulator.js';
import { ChatShellProvider } from './chat.provider.js';
import { ProviderBench, outcomeOf, until } from './chat.provider.testing.js';
import { dataLines, summary } from './providers.testing.js';

let bench: ProviderBench;

beforeAll(async () => {
  bench = await ProviderBench.start();
});

afterAll(() => bench.close());

afterEach(() => bench.simulator.reset());

describe('retries', () => {
  it.each(['claude', 'openai'] as const)('%s: a 429 and then the answer', async (kind) => {
    const outcome = await bench.run(bench.turn(kind, 'case=rate-limited,times=1,retry_after=1,tokens=3,rate=0'));
    expect(outcome).toMatchObject({ content: generatedText(3) });
    expect(outcome.error).toBeUndefined();
    expect(bench.simulator.counters.requests).toBe(2);
  });

  it.each(['error-first', 'overloaded', 'html-502'])('%s and then the answer', async (name) => {
    const outcome = await bench.run(bench.turn('claude', `case=${name},times=2,tokens=3,rate=0`));
    expect(outcome).toMatchObject({ content: generatedText(3) });
    expect(bench.simulator.counters.requests).toBe(3);
  });

  it('none once text was passed on', async () => {
    const outcome = await bench.run(bench.turn('openai', 'case=disconnect,after=1,times=1,tokens=3,rate=0'));
    expect(outcome).toMatchObject({
      content: generatedText(1),
      error: { code: 'provider_truncated', retryable: true },
    });
    expect(bench.simulator.counters.requests).toBe(1);
  });

  it('a disconnect before any text is retried', async () => {
    const outcome = await bench.run(bench.turn('openai', 'case=disconnect,after=0,times=1,tokens=3,rate=0'));
    expect(outcome).toMatchObject({ content: generatedText(3) });
    expect(bench.simulator.counters.requests).toBe(2);
  });

  it('a wait that is too long fails at once and says so', async () => {
    const outcome = await bench.run(bench.turn('claude', 'case=rate-limited,retry_after=3600'));
    expect(outcome.error).toMatchObject({ code: 'provider_rate_limited', retryAfter: 3600, providerStatus: 429 });
    expect(bench.simulator.counters.requests).toBe(1);
  });
});

describe('abort', () => {
  it.each(['claude', 'openai'] as const)('%s: closes the socket in the middle of an answer', async (kind) => {
    const controller = new AbortController();
    const reason = new Error('cancelled by the user');
    const batches: unknown[] = [];
    const reading = (async () => {
      for await (const batch of bench.provider().stream(bench.turn(kind, 'tokens=600,rate=100'), controller.signal)) {
        batches.push(batch);
        controller.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(batches).toHaveLength(1);
    await until(() => bench.simulator.counters.aborts === 1);
    expect(bench.simulator.counters.openStreams).toBe(0);
  });

  it.each(['hang-before-headers', 'hang-after-delta', 'only-pings'])('while nothing comes: %s', async (name) => {
    const controller = new AbortController();
    const outcome = outcomeOf(bench.provider().stream(bench.turn('claude', `case=${name},rate=0`), controller.signal));
    await until(() => bench.simulator.counters.openStreams === 1);
    controller.abort('stop');
    expect((await outcome).error).toBe('stop');
    await until(() => bench.simulator.counters.aborts === 1);
  });

  it('while a retry waits', async () => {
    const controller = new AbortController();
    const patient = new ChatShellProvider(bench.http, {
      firstTokenMs: 9000,
      idleMs: 9000,
      totalMs: 9000,
      endSilenceMs: 2000,
    });
    const outcome = outcomeOf(
      patient.stream(bench.turn('claude', 'case=rate-limited,retry_after=20'), controller.signal),
    );
    await until(() => bench.simulator.requests[0]?.finished_at !== undefined);
    controller.abort('stop');
    expect((await outcome).error).toBe('stop');
    expect(bench.simulator.counters.requests).toBe(1);
  });

  it('before the start sends nothing', async () => {
    const outcome = await outcomeOf(
      bench.provider().stream(bench.turn('claude', 'tokens=1'), AbortSignal.abort('stop')),
    );
    expect(outcome.error).toBe('stop');
    expect(bench.simulator.counters.requests).toBe(0);
  });

  it('a consumer that turns away closes the socket, too', async () => {
    for await (const batch of bench
      .provider()
      .stream(bench.turn('openai', 'tokens=600,rate=100'), new AbortController().signal)) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await until(() => bench.simulator.counters.aborts === 1);
  });
});

describe('a stream', () => {
  it('gives one event of a kind per network read, and usage before the end', async () => {
    const { batches, rest } = await bench.run(bench.turn('claude', 'case=many-in-one,tokens=2000,reasoning=500'));
    const events = batches.flat();
    expect(events.length).toBeLessThan(100);
    expect(events.slice(-2)).toEqual(rest);
    expect(rest).toMatchObject([{ type: 'usage', output_tokens: 2500, reasoning_tokens: 500 }, { type: 'finish' }]);
  });

  it('waits for a slow consumer, who misses nothing', async () => {
    const request = bench.turn('openai', 'tokens=60000,rate=0,size=40', { parameters: { maxTokens: 100_000 } });
    let text = '';
    let largest = 0;
    for await (const batch of bench.provider().stream(request, new AbortController().signal)) {
      for (const event of batch) if (event.type === 'content') text += event.content;
      largest = Math.max(largest, summary(batch).content.length);
      if (text.length < 500_000) await sleep(5);
    }
    expect(text).toBe(generatedText(60_000, 40));
    // What waits is bounded, although the whole answer (12 MB on the wire) could have come at once.
    expect(largest).toBeLessThan(100_000);
  });

  it('returns its socket for the next turn', async () => {
    let connections = 0;
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(dataLines({ choices: [{ delta: { content: 'a' } }] }));
      response.write('data: [DONE]\n\n');
      setImmediate(() => response.end());
    });
    server.on('connection', () => connections++);
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (let i = 0; i < 3; i++) {
      expect(await bench.run(bench.turn('openai', 'x', { baseUrl }))).toMatchObject({ content: 'a' });
      await sleep(20);
    }
    expect(connections).toBe(1);
    server.closeAllConnections();
    server.close();
  });

  it('many at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 50 }, () => bench.run(bench.turn('claude', 'tokens=20,rate=0'))),
    );
    expect(all.every(({ content }) => content === generatedText(20))).toBe(true);
  });
});

describe('settings', () => {
  it('a wrong key is told without repeating it', async () => {
    for (const kind of ['claude', 'openai'] as const) {
      const { error } = await bench.run(bench.turn(kind, 'tokens=1', { apiKey: 'bad-key-0123456789' }));
      expect(error).toMatchObject({ code: 'provider_auth', providerStatus: 401 });
      expect(error?.message).not.toContain('bad-key-0123456789');
    }
  });

  it('neither key nor address', async () => {
    const { error } = await bench.run(bench.turn('openai', 'tokens=1', { apiKey: null, baseUrl: null }));
    expect(error).toMatchObject({ code: 'model_not_configured' });
  });

  it('an address that the egress rules refuse', async () => {
    const { error } = await bench.run(bench.turn('openai', 'tokens=1', { baseUrl: 'http://169.254.169.254/v1' }));
    expect(error).toMatchObject({ code: 'provider_blocked', retryable: false });
  });

  it('an address where nobody listens is retried, then told', async () => {
    const { error } = await bench.run(bench.turn('openai', 'tokens=1', { baseUrl: 'http://127.0.0.1:9/v1' }));
    expect(error).toMatchObject({ code: 'provider_unavailable', retryable: true });
  });

  it('what is sent passes the checks of the simulator, which are those of the real services', async () => {
    const roles = ['user', 'user', 'assistant', 'assistant', 'user'] as const;
    const messages = roles.map((role, i) => ({ role, content: i === 3 ? '' : `turn ${i}` }));
    const parameters = { maxTokens: 50, temperature: 0.5, stop: ['END'] };
    for (const kind of ['claude', 'openai'] as const) {
      const request = { ...bench.turn(kind, 'tokens=2,rate=0', { parameters }), messages, system: 'A bot.' };
      expect(await bench.run(request)).toMatchObject({ content: generatedText(2) });
    }
  });
});
