import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ClaudeEvents } from './claude.events.js';
import { EventBatch } from '../../../infra/provider-stream/event-batch.js';
import { CLAUDE_SOURCE, dataLines, fixture, message, replay, summary } from '../providers.testing.js';

const mapper = () => new ClaudeEvents(CLAUDE_SOURCE);
const run = (...chunks: (string | Uint8Array)[]) => replay(mapper(), chunks);
const failure = (...chunks: (string | Uint8Array)[]): unknown => {
  try {
    return run(...chunks);
  } catch (error) {
    return error;
  }
};

const start = { type: 'message_start', message: { usage: { input_tokens: 8, output_tokens: 1 } } };
const text = (delta: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: delta } });
const stop = (stop_reason: string, more = {}) => [
  { type: 'message_delta', delta: { stop_reason, ...more }, usage: { output_tokens: 3 } },
  { type: 'message_stop' },
];
const finish = (finish_reason: string) => ({ type: 'finish', finish_reason });

describe('a stream (cases 1-7, 16, 17, 19)', () => {
  const bytes = fixture('claude-thinking');
  const expected = {
    content: 'Grüße, 世界 🌍!\n\ndata: x',
    reasoning: 'The user wants naïve 漢字.',
    rest: [
      { type: 'usage', input_tokens: 40, output_tokens: 57, total_tokens: 97, reasoning_tokens: 20, cached_tokens: 7 },
      finish('stop'),
    ],
  };

  it('gives text, reasoning and the newest usage, and ignores the rest', () => {
    expect(summary(run(bytes))).toEqual(expected);
  });

  it('merges what one read brought', () => {
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

  it('of a gateway that leaves out event names, and adds [DONE]', () => {
    const lines = bytes.toString().replace(/^event: .*\n/gm, '');
    expect(summary(run(`${lines}data: [DONE]\n\n`))).toEqual(expected);
  });

  it('ends at message_stop: what follows is ignored', () => {
    expect(summary(run(dataLines(start, text('a'), ...stop('end_turn'), text('b')))).content).toBe('a');
  });

  it('whose last blank line is missing is whole all the same', () => {
    expect(summary(run(dataLines(start, text('a'), ...stop('end_turn')).trimEnd())).content).toBe('a');
  });

  it('is started by an event that is more than a ping', () => {
    const events = mapper();
    events.push(message({ type: 'ping' }, 'ping'), new EventBatch());
    events.push({ event: undefined, data: '{"type":"ping"}' }, new EventBatch());
    expect(events.started).toBe(false);
    events.push(message(start), new EventBatch());
    expect(events.started).toBe(true);
  });

  it('with nonsense in known places does not break', () => {
    const odd = [
      { type: 'content_block_delta' },
      { type: 'content_block_delta', delta: { type: 'text_delta', text: 5 } },
      7,
      null,
      [],
    ];
    const more = [
      { type: 'content_block_start', content_block: 7 },
      { type: 'message_delta', usage: 'x' },
      { type: 'message_start' },
    ];
    expect(summary(run(dataLines(...odd, ...more, text('a'), ...stop('end_turn')))).content).toBe('a');
  });

  it('without usage gives none', () => {
    expect(run(dataLines(text('a'), { type: 'message_stop' }))).toEqual([
      { type: 'content', content: 'a' },
      finish('stop'),
    ]);
  });
});

describe('stop reasons (cases 14, 15)', () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool_calls'],
    ['pause_turn', 'paused'],
    ['refusal', 'refusal'],
    ['model_context_window_exceeded', 'context_window'],
    ['of_a_later_version', 'stop'],
  ])('%s -> %s', (reason, finish_reason) => {
    expect(run(dataLines(text('a'), ...stop(reason))).at(-1)).toEqual(finish(finish_reason));
  });

  it('a refusal without text gives its explanation, one with text keeps it', () => {
    const details = { stop_details: { type: 'refusal', category: 'cyber', explanation: 'Not this.' } };
    expect(summary(run(dataLines(start, ...stop('refusal', details)))).content).toBe('Not this.');
    expect(summary(run(dataLines(text('a'), ...stop('refusal', details)))).content).toBe('a');
    expect(summary(run(dataLines(start, ...stop('refusal')))).content).toBe('');
  });
});

describe('failures (cases 8-10)', () => {
  const overloaded =
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';

  it('an error event, first or after text', () => {
    const expected = { code: 'provider_overloaded', retryable: true, message: 'claude.test failed: Overloaded' };
    expect(failure(overloaded)).toMatchObject(expected);
    expect(failure(dataLines(start, text('a')), overloaded)).toMatchObject(expected);
    expect(failure(dataLines({ error: { type: 'overloaded_error', message: 'Overloaded' } }))).toMatchObject(expected);
  });

  it('an error event whose data is plain text', () => {
    expect(failure('event: error\ndata: upstream died\n\n')).toMatchObject({ code: 'provider_unavailable' });
  });

  it('keeps the text that came before it', () => {
    const events = mapper();
    const batch = new EventBatch();
    events.push(message(text('so far')), batch);
    expect(() => events.push(message({ type: 'error', error: { type: 'api_error', message: 'x' } }), batch)).toThrow();
    expect(batch.drain()).toEqual([{ type: 'content', content: 'so far' }]);
  });

  it.each(['', dataLines(start), dataLines(start, text('a'))])('an end without stop_reason is truncated: %#', (lines) =>
    expect(failure(lines)).toMatchObject({ code: 'provider_truncated', retryable: true }),
  );

  it('data that is not JSON', () => {
    expect(failure('data: {"type":"mess\n\n')).toMatchObject({ code: 'provider_protocol' });
  });
});

describe('a JSON reply (case 20)', () => {
  const whole = (reply: unknown) => {
    const batch = new EventBatch();
    mapper().pushWhole(reply, batch);
    return batch.drain();
  };

  it('is a whole answer', () => {
    const content = [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'Hi', citations: null },
    ];
    expect(
      whole({ type: 'message', content, stop_reason: 'max_tokens', usage: { input_tokens: 8, output_tokens: 3 } }),
    ).toEqual([
      { type: 'reasoning', content: 'hm' },
      { type: 'content', content: 'Hi' },
      { type: 'usage', input_tokens: 8, output_tokens: 3, total_tokens: 11 },
      finish('length'),
    ]);
  });

  it('may be an error, or nothing known', () => {
    const error = { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } };
    expect(() => whole(error)).toThrow(expect.objectContaining({ code: 'provider_auth' }));
    for (const odd of [{}, [], null, 'x', { content: 'x' }]) {
      expect(() => whole(odd)).toThrow(expect.objectContaining({ code: 'provider_protocol' }));
    }
  });
});
