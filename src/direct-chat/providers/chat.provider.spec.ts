import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLAUDE_CASES } from '../../../tools/simulator/claude-cases.js';
import { OPENAI_CASES } from '../../../tools/simulator/openai-cases.js';
import {
  generatedText,
  reasoningText,
  startSimulator,
  unicodeText,
  type Simulator,
} from '../../../tools/simulator/simulator.js';
import type { AppError } from '../../common/app-error.js';
import type { ProviderEvent } from '../../common/chat-event.js';
import type { ChatRequest, ModelSettings, ProviderKind } from '../../common/chat-provider.js';
import { EgressPolicy } from '../../infra/http/egress.js';
import { ProviderHttp } from '../../infra/http/provider-http.js';
import { ChatShellProvider } from './chat.provider.js';
import type { ProviderTimeoutLimits } from './provider-timeouts.js';
import { retryDelay } from './retry.js';
import { chatRequest, dataLines, summary } from './testing.js';

/** What came, and how it ended. */
interface Outcome {
  batches: (readonly ProviderEvent[])[];
  content: string;
  reasoning: string;
  rest: ProviderEvent[];
  error?: AppError;
}

let simulator: Simulator;
let http: ProviderHttp;

beforeAll(async () => {
  simulator = await startSimulator();
  http = new ProviderHttp({ egress: new EgressPolicy({ allow: [], allowLoopback: true }), connectTimeoutMs: 5000 });
});

afterAll(async () => {
  http.onModuleDestroy();
  await simulator.close();
});

afterEach(() => simulator.reset());

/** Decides on retries as in production, but does not wait for them. */
const impatient: typeof retryDelay = (error, state) => Math.min(retryDelay(error, state), 1);

const provider = (limits: Partial<ProviderTimeoutLimits> = {}) =>
  new ChatShellProvider(http, { firstTokenMs: 20_000, idleMs: 20_000, totalMs: 60_000, ...limits }, impatient);

function turn(kind: ProviderKind, script: string, settings: Partial<ModelSettings> = {}): ChatRequest {
  const baseUrl = kind === 'claude' ? `${simulator.url}/claude` : `${simulator.url}/openai/v1`;
  return chatRequest({ provider: kind, baseUrl, modelId: `sim:${script}`, ...settings });
}

async function outcomeOf(stream: AsyncIterable<readonly ProviderEvent[]>): Promise<Outcome> {
  const batches: (readonly ProviderEvent[])[] = [];
  const told = () => ({ batches, ...summary(batches.flat()) });
  try {
    for await (const batch of stream) batches.push(batch);
  } catch (error) {
    return { ...told(), error: error as AppError };
  }
  return told();
}

const run = (request: ChatRequest, limits?: Partial<ProviderTimeoutLimits>) =>
  outcomeOf(provider(limits).stream(request, new AbortController().signal));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

interface Expected {
  content?: string;
  reasoning?: string;
  finish?: string;
  error?: string;
  /** Requests that the simulator saw; more than 1 where a retry makes sense. */
  requests?: number;
  settings?: Partial<ModelSettings>;
}

const WHOLE: Expected = { content: generatedText(5), finish: 'stop' };
const PARTLY = { content: generatedText(3) };
const THOUGHT: Expected = { ...WHOLE, reasoning: reasoningText(8) };
const RETRIED = { content: '', requests: 4 };
/** Enough for the simulator to show that it hangs. */
const SHORT = { firstTokenMs: 150, idleMs: 150, totalMs: 600 };

const BOTH: Record<string, Expected> = {
  ...{ happy: WHOLE, slow: WHOLE, 'json-reply': WHOLE, crlf: WHOLE, 'one-over-many': WHOLE, 'many-in-one': WHOLE },
  'utf8-split': { content: unicodeText(5), finish: 'stop' },
  'hang-before-headers': { content: '', error: 'provider_timeout' },
  'hang-after-delta': { ...PARTLY, error: 'provider_idle_timeout' },
  disconnect: { ...PARTLY, error: 'provider_truncated' },
  'max-tokens': { ...WHOLE, finish: 'length' },
  empty: { content: '', finish: 'stop' },
  'rate-limited': { ...RETRIED, error: 'provider_rate_limited' },
  overloaded: { ...RETRIED, error: 'provider_overloaded' },
  'server-error': { ...RETRIED, error: 'provider_unavailable' },
  'http-error': { ...RETRIED, error: 'provider_unavailable' },
  'html-502': { ...RETRIED, error: 'provider_unavailable' },
  'html-200': { content: '', error: 'provider_protocol' },
  auth: { content: '', error: 'provider_auth' },
  permission: { content: '', error: 'provider_auth' },
  'not-found': { content: '', error: 'provider_not_found' },
};

const CLAUDE: Record<string, Expected> = {
  ...BOTH,
  thinking: THOUGHT,
  ...{ 'thinking-omitted': WHOLE, 'redacted-thinking': WHOLE, pings: WHOLE, 'unknown-events': WHOLE },
  ...{ 'no-event-names': WHOLE, 'two-message-deltas': WHOLE },
  'tool-use': { ...WHOLE, finish: 'tool_calls' },
  refusal: { content: 'This request was declined.', finish: 'refusal' },
  'only-pings': { content: '', error: 'provider_timeout' },
  'error-first': { ...RETRIED, error: 'provider_overloaded' },
  'error-after-text': { ...PARTLY, error: 'provider_overloaded' },
  'eof-after-text': { ...PARTLY, error: 'provider_truncated' },
  'too-large-html': { content: '', error: 'context_too_long' },
  'prompt-too-long': { content: '', error: 'context_too_long' },
  'low-credit': { content: '', error: 'provider_bad_request' },
};

const MID_STREAM: Expected = { ...PARTLY, error: 'provider_unavailable' };
const OPENAI: Record<string, Expected> = {
  ...BOTH,
  ...{ 'usage-chunk': WHOLE, 'no-usage': WHOLE, 'usage-every-chunk': WHOLE, 'usage-in-finish': WHOLE },
  ...{ 'azure-first-chunk': WHOLE, 'data-no-space': WHOLE, comments: WHOLE, 'no-done': WHOLE, 'content-null': WHOLE },
  ...{ 'reasoning-content': THOUGHT, reasoning: THOUGHT, 'reasoning-both': THOUGHT, 'reasoning-details': THOUGHT },
  'think-tags': { ...WHOLE, reasoning: `\n${reasoningText(8)}\n` },
  'think-implicit': {
    ...THOUGHT,
    reasoning: `${reasoningText(8)}\n`,
    settings: { parameters: { thinkTag: 'implicit' } },
  },
  'tool-calls': { ...WHOLE, finish: 'tool_calls' },
  refusal: { ...WHOLE, finish: 'refusal' },
  'content-filter': { ...WHOLE, finish: 'content_filter' },
  'json-reply-newlines': WHOLE,
  'json-error-200': { ...RETRIED, error: 'provider_unavailable' },
  'only-comments': { content: '', error: 'provider_timeout' },
  eof: { ...PARTLY, error: 'provider_truncated' },
  'error-first': { ...RETRIED, error: 'provider_unavailable' },
  ...{ 'error-mid-stream': MID_STREAM, 'error-then-done': MID_STREAM, 'error-object': MID_STREAM },
  ...{ 'error-event': MID_STREAM, 'openrouter-error': MID_STREAM },
  quota: { content: '', error: 'provider_rate_limited' },
  'context-length': { content: '', error: 'context_too_long' },
  'max-tokens-unsupported': {
    ...WHOLE,
    settings: { parameters: { maxTokens: 50, maxTokensField: 'max_completion_tokens' } },
  },
  'no-stream-options': { ...WHOLE, settings: { parameters: { streamUsage: false } } },
};

const TABLES = { claude: CLAUDE, openai: OPENAI };

it('knows every case of the simulator', () => {
  expect(Object.keys(CLAUDE).sort()).toEqual([...CLAUDE_CASES].sort());
  expect(Object.keys(OPENAI).sort()).toEqual([...OPENAI_CASES].sort());
});

describe.each(['claude', 'openai'] as const)('%s', (kind) => {
  it.each(Object.entries(TABLES[kind]))('%s', async (name, expected) => {
    const request = turn(kind, `case=${name},tokens=5,rate=0${retryAfter(expected)}`, expected.settings);
    const outcome = await run(request, hangs(name) ? SHORT : {});

    expect(outcome.error?.code).toBe(expected.error);
    expect(outcome.content).toBe(expected.content);
    expect(outcome.reasoning).toBe(expected.reasoning ?? '');
    expect(outcome.rest.at(-1)).toEqual(expected.finish && { type: 'finish', finish_reason: expected.finish });
    expect(outcome.batches.every((batch) => batch.length > 0)).toBe(true);
    expect(simulator.counters.requests).toBe(expected.requests ?? 1);
    if (outcome.error) expect(outcome.error.message).not.toMatch(/<|sk-sim|my-own-key/);
    await until(() => simulator.counters.openStreams === 0);
  });
});

const hangs = (name: string) => name.startsWith('hang-') || name.startsWith('only-');
const retryAfter = ({ error }: Expected) => (error === 'provider_rate_limited' ? ',retry_after=0' : '');

describe('retries', () => {
  it.each(['claude', 'openai'] as const)('%s: a 429 and then the answer', async (kind) => {
    const outcome = await run(turn(kind, 'case=rate-limited,times=1,retry_after=1,tokens=3,rate=0'));
    expect(outcome).toMatchObject({ content: generatedText(3) });
    expect(outcome.error).toBeUndefined();
    expect(simulator.counters.requests).toBe(2);
  });

  it.each(['error-first', 'overloaded', 'html-502'])('%s and then the answer', async (name) => {
    const outcome = await run(turn('claude', `case=${name},times=2,tokens=3,rate=0`));
    expect(outcome).toMatchObject({ content: generatedText(3) });
    expect(simulator.counters.requests).toBe(3);
  });

  it('none once text was passed on', async () => {
    const outcome = await run(turn('openai', 'case=disconnect,after=1,times=1,tokens=3,rate=0'));
    expect(outcome).toMatchObject({
      content: generatedText(1),
      error: { code: 'provider_truncated', retryable: true },
    });
    expect(simulator.counters.requests).toBe(1);
  });

  it('a disconnect before any text is retried', async () => {
    const outcome = await run(turn('openai', 'case=disconnect,after=0,times=1,tokens=3,rate=0'));
    expect(outcome).toMatchObject({ content: generatedText(3) });
    expect(simulator.counters.requests).toBe(2);
  });

  it('a wait that is too long fails at once and says so', async () => {
    const outcome = await run(turn('claude', 'case=rate-limited,retry_after=3600'));
    expect(outcome.error).toMatchObject({ code: 'provider_rate_limited', retryAfter: 3600, providerStatus: 429 });
    expect(simulator.counters.requests).toBe(1);
  });
});

describe('abort', () => {
  it.each(['claude', 'openai'] as const)('%s: closes the socket in the middle of an answer', async (kind) => {
    const controller = new AbortController();
    const reason = new Error('cancelled by the user');
    const batches: unknown[] = [];
    const reading = (async () => {
      for await (const batch of provider().stream(turn(kind, 'tokens=600,rate=100'), controller.signal)) {
        batches.push(batch);
        controller.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(batches).toHaveLength(1);
    await until(() => simulator.counters.aborts === 1);
    expect(simulator.counters.openStreams).toBe(0);
  });

  it.each(['hang-before-headers', 'hang-after-delta', 'only-pings'])('while nothing comes: %s', async (name) => {
    const controller = new AbortController();
    const outcome = outcomeOf(provider().stream(turn('claude', `case=${name},rate=0`), controller.signal));
    await until(() => simulator.counters.openStreams === 1);
    controller.abort('stop');
    expect((await outcome).error).toBe('stop');
    await until(() => simulator.counters.aborts === 1);
  });

  it('while a retry waits', async () => {
    const controller = new AbortController();
    const patient = new ChatShellProvider(http, { firstTokenMs: 9000, idleMs: 9000, totalMs: 9000 });
    const outcome = outcomeOf(patient.stream(turn('claude', 'case=rate-limited,retry_after=20'), controller.signal));
    await until(() => simulator.requests[0]?.finished_at !== undefined);
    controller.abort('stop');
    expect((await outcome).error).toBe('stop');
    expect(simulator.counters.requests).toBe(1);
  });

  it('before the start sends nothing', async () => {
    const outcome = await outcomeOf(provider().stream(turn('claude', 'tokens=1'), AbortSignal.abort('stop')));
    expect(outcome.error).toBe('stop');
    expect(simulator.counters.requests).toBe(0);
  });

  it('a consumer that turns away closes the socket, too', async () => {
    for await (const batch of provider().stream(turn('openai', 'tokens=600,rate=100'), new AbortController().signal)) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await until(() => simulator.counters.aborts === 1);
  });
});

describe('a stream', () => {
  it('gives one event of a kind per network read, and usage before the end', async () => {
    const { batches, rest } = await run(turn('claude', 'case=many-in-one,tokens=2000,reasoning=500'));
    const events = batches.flat();
    expect(events.length).toBeLessThan(100);
    expect(events.slice(-2)).toEqual(rest);
    expect(rest).toMatchObject([{ type: 'usage', output_tokens: 2500, reasoning_tokens: 500 }, { type: 'finish' }]);
  });

  it('waits for a slow consumer, who misses nothing', async () => {
    const request = turn('openai', 'tokens=60000,rate=0,size=40', { parameters: { maxTokens: 100_000 } });
    let text = '';
    let largest = 0;
    for await (const batch of provider().stream(request, new AbortController().signal)) {
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
      expect(await run(turn('openai', 'x', { baseUrl }))).toMatchObject({ content: 'a' });
      await sleep(20);
    }
    expect(connections).toBe(1);
    server.closeAllConnections();
    server.close();
  });

  it('many at once', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => run(turn('claude', 'tokens=20,rate=0'))));
    expect(all.every(({ content }) => content === generatedText(20))).toBe(true);
  });
});

describe('settings', () => {
  it('a wrong key is told without repeating it', async () => {
    for (const kind of ['claude', 'openai'] as const) {
      const { error } = await run(turn(kind, 'tokens=1', { apiKey: 'bad-key-0123456789' }));
      expect(error).toMatchObject({ code: 'provider_auth', providerStatus: 401 });
      expect(error?.message).not.toContain('bad-key-0123456789');
    }
  });

  it('neither key nor address', async () => {
    const { error } = await run(turn('openai', 'tokens=1', { apiKey: null, baseUrl: null }));
    expect(error).toMatchObject({ code: 'model_not_configured' });
  });

  it('an address that the egress rules refuse', async () => {
    const { error } = await run(turn('openai', 'tokens=1', { baseUrl: 'http://169.254.169.254/v1' }));
    expect(error).toMatchObject({ code: 'provider_blocked', retryable: false });
  });

  it('an address where nobody listens is retried, then told', async () => {
    const { error } = await run(turn('openai', 'tokens=1', { baseUrl: 'http://127.0.0.1:9/v1' }));
    expect(error).toMatchObject({ code: 'provider_unavailable', retryable: true });
  });

  it('what is sent passes the checks of the simulator, which are those of the real services', async () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'user', content: 'b' },
      { role: 'assistant', content: 'c' },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'd' },
    ] as const;
    const parameters = { maxTokens: 50, temperature: 0.5, stop: ['END'], systemPrompt: 'Be brief.' };
    for (const kind of ['claude', 'openai'] as const) {
      const request = { ...turn(kind, 'tokens=2,rate=0', { parameters }), messages, system: 'A bot.' };
      expect(await run(request)).toMatchObject({ content: generatedText(2) });
    }
  });
});
