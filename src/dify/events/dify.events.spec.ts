import { describe, expect, it } from '@jest/globals';
import { EventBatch } from '../../infra/provider-stream/event-batch.js';
import {
  chat,
  chunk,
  contentOf,
  finishOf,
  flow,
  flowEnd,
  messageEnd,
  read,
  text,
  USAGE,
} from './dify.events.testing.js';

describe('text', () => {
  it('is appended, with usage, sources and the end of a message', () => {
    const resources = [
      { position: 1, document_name: 'a.pdf', dataset_name: 'd', score: 0.5, content: 'x'.repeat(4000) },
    ];
    const { events, mapper, saved } = read('chat', [
      text('Hel'),
      text('lo'),
      messageEnd({ usage: USAGE, retriever_resources: resources }),
    ]);
    expect(events).toEqual([
      { type: 'content', content: 'Hello' },
      {
        type: 'sources',
        sources: [
          {
            ...{ title: 'a.pdf', document: 'a.pdf', dataset: 'd', position: 1, score: 0.5 },
            content: `${'x'.repeat(1500)}… (2500 more characters)`,
          },
        ],
      },
      { type: 'usage', input_tokens: 5, output_tokens: 2, total_tokens: 7, cost: 0.0001, currency: 'USD' },
      { type: 'finish', finish_reason: 'stop' },
    ]);
    expect(mapper.finished).toBe(true);
    expect(saved).toEqual([{ mode: 'chat', botId: 1, taskId: 't1', messageId: 'm1', conversationId: 'c1' }]);
  });

  it('is replaced', () => {
    const replaced = read('chat', [
      text('bad'),
      chat('message_replace', { answer: 'good', reason: 'x' }),
      messageEnd(),
    ]);
    expect(contentOf(replaced.events)).toBe('good');
    const flowed = read('workflow', [chunk('bad'), flow('text_replace', { text: 'good' }), flowEnd()]);
    expect(contentOf(flowed.events)).toBe('good');
  });

  it('is not told twice by the closing message of a new agent', () => {
    const piece = (answer: string) => chat('agent_message', { id: 'm1', answer });
    expect(contentOf(read('agent', [piece('Hel'), piece('lo'), text('Hello'), messageEnd()]).events)).toBe('Hello');
    expect(contentOf(read('agent', [piece('Hel'), text('Hello'), messageEnd()]).events)).toBe('Hello');
    expect(contentOf(read('agent', [text('Hello'), messageEnd()]).events)).toBe('Hello');
  });

  it('comes from the outputs of a workflow that streamed none', () => {
    const ofOutputs = (outputs: unknown) => contentOf(read('workflow', [flowEnd('succeeded', { outputs })]).events);
    expect(ofOutputs({ other: 1, text: 'T' })).toBe('T');
    expect(ofOutputs({ only: 'O' })).toBe('O');
    expect(ofOutputs('{"answer":"A"}')).toBe('A');
    expect(JSON.parse(ofOutputs({ a: 1, b: 'x' }))).toEqual({ a: 1, b: 'x' });
    expect(ofOutputs(null)).toBe('');
    expect(contentOf(read('workflow', [chunk('x'), flowEnd('succeeded', { outputs: { text: 'y' } })]).events)).toBe(
      'x',
    );
  });

  it('and reasoning are told apart; audio, pings and unknown events pass', () => {
    const { events } = read('advanced-chat', [
      { event: 'ping' },
      flow('reasoning_chunk', { reasoning: 'why', is_final: false }),
      chat('tts_message', { audio: 'AAAA' }),
      chat('news_of_2030', { data: { x: 1 } }),
      text('so'),
      messageEnd(),
      flowEnd(),
      chat('tts_message_end', { audio: '' }),
    ]);
    expect(events.slice(0, 2)).toEqual([
      { type: 'reasoning', content: 'why' },
      { type: 'content', content: 'so' },
    ]);
  });
});

describe('the end', () => {
  it('of a chatflow is both of its events, in any order, or one when the stream ends', () => {
    for (const end of [[messageEnd(), flowEnd()], [flowEnd(), messageEnd()], [messageEnd()], [flowEnd()]]) {
      const { events, mapper, endings } = read('advanced-chat', [text('x'), ...end]);
      expect([finishOf(events), mapper.finished, endings]).toEqual([['stop'], true, 1]);
    }
  });

  it('is not there when the stream breaks off', () => {
    for (const mode of ['chat', 'advanced-chat', 'workflow'] as const) {
      const { events, mapper, error } = read(mode, [mode === 'workflow' ? chunk('x') : text('x')]);
      expect([finishOf(events), mapper.finished, mapper.hasEnded, error]).toEqual([[], false, false, undefined]);
    }
  });

  it.each([
    ['failed', 'workflow', 'provider_rate_limited'],
    ['failed', 'advanced-chat', 'provider_rate_limited'],
    ['stopped', 'workflow', 'provider_truncated'],
    ['stopped', 'advanced-chat', 'provider_truncated'],
  ] as const)('%s of a %s is an error', (status, mode, code) => {
    const { error, mapper } = read(mode, [flowEnd(status, { error: '[openai] Rate limit of app-secret-1' })]);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('app-secret-1');
    expect(mapper.hasEnded).toBe(true);
  });

  it('by an error event is what that says, also after a failed chatflow', () => {
    const said = {
      event: 'error',
      message_id: 'm1',
      status: 400,
      code: 'provider_quota_exceeded',
      message: 'No money',
    };
    for (const before of [[], [text('x')], [flowEnd('failed', { error: 'node' })]]) {
      expect(read('advanced-chat', [...before, said]).error).toMatchObject({
        code: 'provider_rate_limited',
        retryable: false,
        message: 'dify.test failed: No money',
      });
    }
  });

  it('of a run with a fallback is partial, and the models of its nodes are counted', () => {
    const node = {
      id: 'n1',
      node_id: 'llm',
      node_type: 'llm',
      title: 'LLM',
      status: 'succeeded',
      outputs: { usage: USAGE },
    };
    const events = [chunk('x'), flow('node_finished', node), flow('node_finished', { ...node, id: 'n2' })];
    const told = read('workflow', [...events, flowEnd('partial-succeeded', { total_tokens: 99 })]).events;
    expect(finishOf(told)).toEqual(['partial']);
    expect(told.find(({ type }) => type === 'usage')).toMatchObject({
      input_tokens: 10,
      total_tokens: 14,
      cost: 0.0002,
    });
    const sum = read('workflow', [flowEnd('succeeded', { total_tokens: 99 })]).events;
    expect(sum.find(({ type }) => type === 'usage')).toMatchObject({ total_tokens: 99 });
  });

  it('is not there when all that came was garbage, the first of which is kept', () => {
    const { mapper } = read('chat', []);
    const batch = new EventBatch();
    for (const data of [': keep-alive', 'upstream gone', 'more of it']) mapper.push({ data }, batch);
    expect([mapper.started, mapper.unreadable, batch.isEmpty]).toEqual([false, 'upstream gone', true]);
  });
});
