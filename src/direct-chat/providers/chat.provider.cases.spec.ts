/** Every case of the simulator, for both providers. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CLAUDE_CASES } from '../../../tools/simulator/claude/claude-cases.js';
import { GUIDE } from '../../../tools/simulator/guide.js';
import { OPENAI_CASES } from '../../../tools/simulator/openai/openai-cases.js';
import { generatedText, reasoningText, unicodeText } from '../../../tools/simulator/simulator.js';
import type { ModelSettings } from '../../common/contracts/chat-provider.js';
import { ProviderBench, until } from './chat.provider.testing.js';

let bench: ProviderBench;

beforeAll(async () => {
  bench = await ProviderBench.start();
});

afterAll(() => bench.close());

afterEach(() => bench.simulator.reset());

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
  guide: { ...THOUGHT, content: GUIDE },
  ...{ 'thinking-omitted': WHOLE, 'redacted-thinking': WHOLE, pings: WHOLE, 'unknown-events': WHOLE },
  ...{ 'no-event-names': WHOLE, 'two-message-deltas': WHOLE, 'no-message-stop': WHOLE },
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
  ...{ 'stays-open': WHOLE, 'stop-everywhere': WHOLE, 'python-numbers': WHOLE, 'message-at-end': WHOLE },
  'tool-calls': { ...WHOLE, finish: 'tool_calls' },
  refusal: { ...WHOLE, finish: 'refusal' },
  'content-filter': { ...WHOLE, finish: 'content_filter' },
  'json-reply-newlines': WHOLE,
  'json-error-200': { ...RETRIED, error: 'provider_unavailable' },
  'only-comments': { content: '', error: 'provider_timeout' },
  eof: { ...PARTLY, error: 'provider_truncated' },
  'error-first': { ...RETRIED, error: 'provider_unavailable' },
  ...{
    'error-mid-stream': MID_STREAM,
    'error-then-done': MID_STREAM,
    'error-object': MID_STREAM,
    'error-field': MID_STREAM,
  },
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
    const request = bench.turn(kind, `case=${name},tokens=5,rate=0${retryAfter(expected)}`, expected.settings);
    const outcome = await bench.run(request, hangs(name) ? SHORT : { endSilenceMs: 100 });

    expect(outcome.error?.code).toBe(expected.error);
    expect(outcome.content).toBe(expected.content);
    expect(outcome.reasoning).toBe(expected.reasoning ?? '');
    expect(outcome.rest.at(-1)).toEqual(expected.finish && { type: 'finish', finish_reason: expected.finish });
    expect(outcome.batches.every((batch) => batch.length > 0)).toBe(true);
    expect(bench.simulator.counters.requests).toBe(expected.requests ?? 1);
    if (outcome.error) expect(outcome.error.message).not.toMatch(/<|sk-sim|my-own-key/);
    await until(() => bench.simulator.counters.openStreams === 0);
  });
});

const hangs = (name: string) => name.startsWith('hang-') || name.startsWith('only-');
const retryAfter = ({ error }: Expected) => (error === 'provider_rate_limited' ? ',retry_after=0' : '');
