/** What gateways of the Claude form send, one kind after the other. */
import { describe, expect, it } from '@jest/globals';
import type { AppError } from '../../../common/app-error.js';
import { ClaudeEvents } from '../claude/claude.events.js';
import { CLAUDE_SOURCE, dataLines, replay, summary } from '../providers.testing.js';

const start = (usage: unknown = { input_tokens: 21, output_tokens: 1 }) => ({
  type: 'message_start',
  message: { content: [], usage },
});
const begin = (content_block: unknown) => ({ type: 'content_block_start', index: 0, content_block });
const text = (words: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } });
const blockEnd = { type: 'content_block_stop', index: 0 };
const stop = (stop_reason: string, usage: unknown = { output_tokens: 9 }) => ({
  type: 'message_delta',
  delta: { stop_reason },
  usage,
});
const end = { type: 'message_stop' };

interface Answer {
  content: string;
  reasoning: string;
  rest: unknown[];
  error?: AppError;
}

function answerTo(body: string): Answer {
  try {
    return summary(replay(new ClaudeEvents(CLAUDE_SOURCE), [body]));
  } catch (error) {
    return { content: '', reasoning: '', rest: [], error: error as AppError };
  }
}

const stream = (...events: unknown[]) => answerTo(dataLines(...events));

describe('the end', () => {
  it.each([
    ['without message_stop', [text('Hi'), stop('end_turn')]],
    ['with [DONE] in its place', [text('Hi'), stop('end_turn')]],
    ['announced before the text', [stop('end_turn'), text('Hi'), end]],
  ])('%s', (_name, events) => {
    expect(answerTo(`${dataLines(start(), ...events)}data: [DONE]\n\n`)).toMatchObject({ content: 'Hi' });
  });

  it.each([
    ['length', 'length'],
    ['MAX_TOKENS', 'length'],
    ['stop', 'stop'],
    ['tool_calls', 'tool_calls'],
    ['sensitive', 'content_filter'],
    ['model_context_window_exceeded', 'context_window'],
  ])('%s', (reason, finish_reason) => {
    expect(stream(text('a'), stop(reason, null), end).rest).toEqual([{ type: 'finish', finish_reason }]);
  });

  it('as a failure', () => {
    expect(stream(text('a'), stop('upstream_error'), end).error).toMatchObject({ code: 'provider_unavailable' });
  });
});

describe('what is told twice', () => {
  it.each([
    ['a start of the first delta', [begin({ type: 'text', text: 'Three' }), text('Three'), text(' bells.')]],
    ['a start of all deltas', [begin({ type: 'text', text: 'Three bells.' }), text('Three'), text(' bells.')]],
    ['a start that goes on', [begin({ type: 'text', text: 'Three bells.' }), text('Three')]],
    ['a start that is all', [begin({ type: 'text', text: 'Three bells.' }), blockEnd]],
    ['a start that is the beginning', [begin({ type: 'text', text: 'Three' }), text(' bells.')]],
    ['a whole message', [text('Three bells.'), { type: 'message', content: [{ type: 'text', text: 'Three bells.' }] }]],
    [
      'a message alone',
      [{ type: 'message', content: [{ type: 'text', text: 'Three bells.' }], stop_reason: 'end_turn' }],
    ],
    [
      'a start of the message',
      [{ type: 'message_start', message: { content: [{ type: 'text', text: 'Three bells.' }] } }, text('Three bells.')],
    ],
  ])('%s', (_name, events) => {
    expect(stream(...events, blockEnd, stop('end_turn'), end).content).toBe('Three bells.');
  });

  it('a start of reasoning', () => {
    const delta = { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'why' } };
    expect(stream(begin({ type: 'thinking', thinking: 'why' }), delta, blockEnd, text('a'), end).reasoning).toBe('why');
  });
});

describe('other places and shapes', () => {
  it('tags of reasoning', () => {
    expect(stream(text('<think>why</think>'), text('So.'), end)).toMatchObject({ reasoning: 'why', content: 'So.' });
  });

  it('citations and results of a search', () => {
    const citation = { type: 'web_search_result_location', url: 'https://x.test/1', title: 'One', cited_text: 'words' };
    const result = { type: 'web_search_result', url: 'https://x.test/2', title: 'Two' };
    const { rest } = stream(
      begin({ type: 'web_search_tool_result', content: [result] }),
      blockEnd,
      { type: 'content_block_delta', delta: { type: 'citations_delta', citation } },
      text('a'),
      end,
    );
    expect(rest[1]).toMatchObject({ type: 'sources', sources: [{ title: 'Two' }, { title: 'One', content: 'words' }] });
  });

  it('an image', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'A'.repeat(60) };
    const { rest } = stream(begin({ type: 'image', source }), blockEnd, text('a'), end);
    expect(rest[0]).toMatchObject({ type: 'file', file: { kind: 'image', mime_type: 'image/png' } });
  });

  it('the API before this one', () => {
    const pieces = ['One ', 'two.'].map((completion) => ({ type: 'completion', completion, stop_reason: null }));
    const last = { type: 'completion', completion: '', stop_reason: 'stop_sequence' };
    expect(stream(...pieces, last).content).toBe('One two.');
  });

  it('chunks of another API are told as such', () => {
    expect(stream({ choices: [{ delta: { content: 'a' } }] }).error).toMatchObject({
      code: 'provider_protocol',
      message: expect.stringContaining('set the provider of the model to openai'),
    });
  });
});

describe('failures', () => {
  it.each<[string, unknown, string, boolean]>([
    [
      'a status as text',
      { type: 'error', error: { type: 'bad_request_error', message: 'x', http_code: '400' } },
      'provider_bad_request',
      false,
    ],
    ['a status beside', { type: 'error', status: 401, error: { message: 'x' } }, 'provider_auth', false],
    ['a code', { code: 1302, message: 'rate limit reached' }, 'provider_rate_limited', true],
    ['a text', { error: 'overloaded' }, 'provider_overloaded', true],
    ['Amazon', { serviceUnavailableException: { message: 'x' } }, 'provider_unavailable', true],
    [
      'a long conversation',
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'input length and `max_tokens` exceed context limit' },
      },
      'context_too_long',
      false,
    ],
  ])('%s', (_name, event, code, retryable) => {
    expect(stream(event).error).toMatchObject({ code, retryable });
    expect(answerTo(JSON.stringify(event)).error).toMatchObject({ code, retryable });
  });
});

describe('counts', () => {
  const counts = { type: 'usage', input_tokens: 21, output_tokens: 9, total_tokens: 30 };
  it.each<[string, unknown[]]>([
    ['zeros at the end', [start(), text('a'), stop('end_turn', { input_tokens: 0, output_tokens: 9 }), end]],
    [
      'zeros at the start',
      [
        start({ input_tokens: 0, output_tokens: 0 }),
        text('a'),
        stop('end_turn', { input_tokens: 21, output_tokens: 9 }),
        end,
      ],
    ],
    ['names of OpenAI', [text('a'), stop('end_turn', { prompt_tokens: 21, completion_tokens: 9 }), end]],
    [
      'at the last event',
      [text('a'), stop('end_turn', null), { ...end, usage: { input_tokens: 21, output_tokens: 9 } }],
    ],
    [
      'of Bedrock',
      [
        text('a'),
        stop('end_turn', null),
        { ...end, 'amazon-bedrock-invocationMetrics': { inputTokenCount: 21, outputTokenCount: 9 } },
      ],
    ],
  ])('%s', (_name, events) => expect(stream(...events).rest[0]).toEqual(counts));

  it('cached input is part of the input', () => {
    const usage = { input_tokens: 1, cache_read_input_tokens: 15, cache_creation_input_tokens: 5, output_tokens: 1 };
    const events = [start(usage), text('a'), stop('end_turn', { output_tokens: 9, cache_read_input_tokens: 0 }), end];
    expect(stream(...events).rest[0]).toEqual({ ...counts, cached_tokens: 15 });
  });
});
