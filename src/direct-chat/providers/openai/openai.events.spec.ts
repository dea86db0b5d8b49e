import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ModelParameters } from '../../../common/contracts/chat-provider.js';
import { EventBatch } from '../../../infra/provider-stream/event-batch.js';
import { OpenaiEvents } from './openai.events.js';
import { OPENAI_SOURCE, dataLines, fixture, replay, summary } from '../providers.testing.js';

const mapper = (thinkTag?: ModelParameters['thinkTag']) => new OpenaiEvents(OPENAI_SOURCE, thinkTag);
const run = (...chunks: (string | Uint8Array)[]) => replay(mapper(), chunks);
const failure = (...chunks: (string | Uint8Array)[]): unknown => {
  try {
    return run(...chunks);
  } catch (error) {
    return error;
  }
};

const chunk = (delta: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});
const text = (content: string) => chunk({ content });
const ended = chunk({}, 'stop');
const DONE = 'data: [DONE]\n\n';
const finish = (finish_reason: string) => ({ type: 'finish', finish_reason });

describe('a stream (cases 1, 2, 4-10, 18-20)', () => {
  const bytes = fixture('openai-dialects');
  const expected = {
    content: 'Grüße, 世界 🌍!\n\ndata: x',
    reasoning: 'Let me think: é.',
    rest: [
      { type: 'usage', input_tokens: 9, output_tokens: 12, total_tokens: 21, reasoning_tokens: 3, cached_tokens: 4 },
      finish('stop'),
    ],
  };

  it('gives text, reasoning once, and the newest usage', () => {
    expect(summary(run(bytes))).toEqual(expected);
    expect(run(bytes).map(({ type }) => type)).toEqual(['reasoning', 'content', 'usage', 'finish']);
  });

  it('with CRLF or CR for line ends', () => {
    const lines = bytes.toString();
    expect(summary(run(lines.replaceAll('\n', '\r\n')))).toEqual(expected);
    expect(summary(run(lines.replaceAll('\n', '\r')))).toEqual(expected);
  });

  it('gives the same answer however its bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 60 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        expect(summary(run(...edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge))))).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('without usage gives none (case 3)', () => {
    expect(run(dataLines(text('a'), ended), DONE)).toEqual([{ type: 'content', content: 'a' }, finish('stop')]);
  });

  it('with nonsense in known places does not break', () => {
    const odd = [
      7,
      null,
      [],
      {},
      { choices: {} },
      { choices: [null, 'x'] },
      chunk(null),
      chunk({ content: 5, reasoning: {} }),
    ];
    expect(summary(run(dataLines(...odd, text('a'), ended), DONE)).content).toBe('a');
  });
});

describe('the end (cases 11, 12)', () => {
  it('is a finish_reason or [DONE], each is enough', () => {
    expect(summary(run(dataLines(text('a'), ended)))).toEqual({ content: 'a', reasoning: '', rest: [finish('stop')] });
    expect(summary(run(dataLines(text('a')), DONE)).rest).toEqual([finish('stop')]);
    expect(summary(run(dataLines(text('a')), 'data: [DONE]')).rest).toEqual([finish('stop')]);
  });

  it('without either is truncated, and so is [DONE] without any choice', () => {
    for (const lines of ['', ': c\n\n', dataLines(text('a')), dataLines({ choices: [] }, chunk({})), DONE]) {
      expect(failure(lines)).toMatchObject({ code: 'provider_truncated', retryable: true });
    }
  });

  it.each([
    ['stop', 'stop'],
    ['eos', 'stop'],
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
  ])('finish_reason %s -> %s', (reason, finish_reason) => {
    expect(run(dataLines(chunk({ content: 'a' }, reason)), DONE).at(-1)).toEqual(finish(finish_reason));
  });

  it('a refusal is text with its own finish reason', () => {
    const events = run(dataLines(chunk({ refusal: 'I cannot.' }), ended), DONE);
    expect(events).toEqual([{ type: 'content', content: 'I cannot.' }, finish('refusal')]);
  });
});

describe('reasoning (case 18)', () => {
  it('under either name, never both', () => {
    expect(summary(run(dataLines(chunk({ reasoning: 'r' }), ended))).reasoning).toBe('r');
    expect(summary(run(dataLines(chunk({ reasoning_content: 'r', reasoning: 'r' }), ended))).reasoning).toBe('r');
    expect(summary(run(dataLines(chunk({ reasoning_content: '', reasoning: 'r' }), ended))).reasoning).toBe('r');
  });

  it('as <think> in the content, its tags split over chunks', () => {
    const lines = dataLines(...['<th', 'ink>why', ' so</', 'think>', '\n\n', 'answer'].map(text), ended);
    expect(summary(run(lines))).toMatchObject({ reasoning: 'why so', content: 'answer' });
    expect(summary(replay(mapper('off'), [lines])).content).toContain('<think>');
    const implicit = dataLines(text('why</thi'), text('nk>answer'), ended);
    expect(summary(replay(mapper('implicit'), [implicit]))).toMatchObject({ reasoning: 'why', content: 'answer' });
  });
});

describe('errors in the stream (cases 13-15)', () => {
  const openai = { error: { message: 'The server had an error', type: 'server_error', param: null, code: null } };

  it.each([
    ['OpenAI', dataLines(text('a'), openai), 'provider_unavailable', true],
    [
      'vLLM, then [DONE]',
      dataLines({ error: { message: 'bad', type: 'BadRequestError', code: 400 } }) + DONE,
      'provider_bad_request',
      false,
    ],
    ['older vLLM', dataLines({ object: 'error', message: 'boom', code: 500 }), 'provider_unavailable', true],
    [
      'OpenRouter',
      dataLines({
        error: { code: 429, message: 'slow down' },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      }),
      'provider_rate_limited',
      true,
    ],
    ['a named event', `event: error\n${dataLines({ detail: 'proxy failed' })}`, 'provider_unavailable', true],
    ['a named event of plain text', 'event: error\ndata: proxy failed\n\n', 'provider_unavailable', true],
    ['a string', dataLines({ error: 'proxy failed' }), 'provider_unavailable', true],
    ['only finish_reason error', dataLines(chunk({}, 'error')), 'provider_unavailable', true],
    ['DeepSeek', dataLines(chunk({}, 'insufficient_system_resource')), 'provider_overloaded', true],
    ['an aborted request', dataLines(chunk({}, 'abort')), 'provider_truncated', true],
    ['no JSON', 'data: {"choices":[\n\n', 'provider_protocol', false],
  ])('%s', (_name, lines, code, retryable) => expect(failure(lines)).toMatchObject({ code, retryable }));
});

describe('a JSON reply (cases 16, 21)', () => {
  const whole = (reply: unknown) => {
    const batch = new EventBatch();
    mapper().pushWhole(reply, batch);
    return batch.drain();
  };

  it('is a whole answer', () => {
    const choice = {
      index: 0,
      message: { role: 'assistant', content: 'Hi', refusal: null, reasoning_content: 'hm' },
      finish_reason: 'length',
    };
    expect(
      whole({ object: 'chat.completion', choices: [choice], usage: { prompt_tokens: 3, completion_tokens: 1 } }),
    ).toEqual([
      { type: 'reasoning', content: 'hm' },
      { type: 'content', content: 'Hi' },
      { type: 'usage', input_tokens: 3, output_tokens: 1, total_tokens: 4 },
      finish('length'),
    ]);
  });

  it('may be an error, or nothing known', () => {
    expect(() => whole({ error: { message: 'no', code: 402 } })).toThrow(
      expect.objectContaining({ code: 'provider_bad_request' }),
    );
    for (const odd of [{}, [], null, 'x', { choices: [] }]) {
      expect(() => whole(odd)).toThrow(expect.objectContaining({ code: 'provider_protocol' }));
    }
  });
});
