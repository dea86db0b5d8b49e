import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent, Step } from '../common/chat-event.js';
import type { DifyMode, DifyRun } from '../common/dify.js';
import { EventBatch } from '../infra/answers/event-batch.js';
import { SseReader } from '../infra/answers/sse-reader.js';
import { DifyEvents, type Shown } from './dify.events.js';

const IDS = { task_id: 't1', message_id: 'm1', conversation_id: 'c1', created_at: 1 };
const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, total_price: '0.0001', currency: 'USD' };

const chat = (event: string, more: object = {}) => ({ event, ...IDS, ...more });
const flow = (event: string, data: object = {}) => ({ event, ...IDS, workflow_run_id: 'r1', data });
const text = (answer: string) => chat('message', { id: 'm1', answer });
const chunk = (piece: string) => flow('text_chunk', { text: piece });
const messageEnd = (metadata: object = { usage: USAGE }) => chat('message_end', { id: 'm1', metadata, files: [] });
const flowEnd = (status = 'succeeded', more: object = {}) => flow('workflow_finished', { id: 'r1', status, ...more });

/** What the events of one stream come to. */
function read(
  mode: DifyMode,
  events: readonly object[],
  { run = {}, shown }: { run?: Partial<DifyRun>; shown?: Shown } = {},
) {
  const batch = new EventBatch();
  const known: DifyRun = { mode, botId: 1, ...run };
  const saved: DifyRun[] = [];
  let endings = 0;
  const mapper = new DifyEvents({
    baseUrl: 'https://dify.test/v1',
    source: { host: 'dify.test', secrets: ['app-secret-1'] },
    run: known,
    onRun: () => saved.push({ ...known }),
    onEnding: () => (endings += 1),
  });
  if (shown) mapper.rejoin(shown);
  const sse = new SseReader((event) => mapper.push(event, batch));
  let error: unknown;
  try {
    for (const event of events) sse.feed(Buffer.from(`data: ${JSON.stringify(event)}\n\nevent: ping\n\n`));
    sse.end();
    mapper.end(batch);
  } catch (thrown) {
    error = thrown;
  }

  return { events: batch.take(), mapper, saved, endings, error, run: known };
}

const contentOf = (events: readonly ProviderEvent[]) =>
  events.reduce(
    (all, event) => (event.type === 'content' ? all + event.content : event.type === 'replace' ? event.content : all),
    '',
  );
const stepsOf = (events: readonly ProviderEvent[]): Step[] =>
  events.flatMap((event) => {
    if (event.type !== 'step') return [];
    const { type: _type, ...step } = event;

    return [step];
  });
const finishOf = (events: readonly ProviderEvent[]) =>
  events.flatMap((event) => (event.type === 'finish' ? [event.finish_reason] : []));

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

  it('is garbage', () => {
    const { error } = read('chat', []);
    expect(error).toBeUndefined();
    const batch = new EventBatch();
    const mapper = read('chat', []).mapper;
    expect(() => mapper.push({ event: undefined, data: '<html>', id: undefined }, batch)).toThrow('not JSON');
  });
});

describe('steps', () => {
  it('of nodes say how they went, and cut what is long', () => {
    const node = { id: 'e1', node_id: 'n1', node_type: 'llm', title: 'LLM', index: 2 };
    const outputs = { text: 'y'.repeat(2_000_000), more: 1 };
    const end = { status: 'succeeded', elapsed_time: 1.234, execution_metadata: { total_tokens: 9 }, outputs };
    const { events } = read('workflow', [
      flow('node_started', { ...node, inputs: { q: 'x' } }),
      flow('node_retry', { ...node, status: 'retry', retry_index: 1, error: 'refused' }),
      flow('node_finished', { ...node, ...end, inputs: { q: 'x' } }),
      flow('node_finished', { ...node, id: 'e2', status: 'exception', error: 'boom' }),
      flow('node_finished', { ...node, id: 'e3', status: 'stopped' }),
      flowEnd(),
    ]);
    const base = { kind: 'node', title: 'LLM', node_type: 'llm' };
    const steps = stepsOf(events);
    expect(steps.slice(0, 2)).toEqual([
      { step_id: 'node:e1', ...base, status: 'running', index: 2, detail: { inputs: '{"q":"x"}' } },
      { step_id: 'node:e1', ...base, status: 'retrying', index: 1, error: 'refused' },
    ]);
    expect(steps[2]).toMatchObject({ status: 'succeeded', elapsed_ms: 1234, tokens: 9 });
    expect(steps[2]?.detail?.['outputs']).toMatch(/^\{"text":"y{1400,1500}… \(cut\)$/);
    expect(steps.slice(3).map(({ status, error }) => [status, error])).toEqual([
      ['failed', 'boom'],
      ['skipped', undefined],
    ]);
  });

  it('of rounds hold the nodes in them', () => {
    const loop = { id: 'l1', node_id: 'loop', node_type: 'loop', title: 'Until' };
    const { events } = read('workflow', [
      flow('loop_started', loop),
      flow('node_started', { id: 'e1', node_id: 'n1', title: 'Round', loop_id: 'loop' }),
      flow('loop_next', { ...loop, index: 1 }),
      flow('loop_completed', { ...loop, status: 'succeeded', elapsed_time: 2 }),
      flow('iteration_started', { id: 'i1', node_id: 'it', title: 'Each', loop_id: 'loop' }),
      flow('parallel_branch_started', { parallel_id: 'p' }),
    ]);
    expect(stepsOf(events).map((step) => [step.step_id, step.status, step.parent_id, step.index])).toEqual([
      ['loop:l1', 'running', undefined, undefined],
      ['node:e1', 'running', 'loop:l1', undefined],
      ['loop:l1', 'running', undefined, 1],
      ['loop:l1', 'succeeded', undefined, undefined],
      ['iteration:i1', 'running', 'loop:l1', undefined],
    ]);
  });

  it('of agents: thoughts with their tools, and logs', () => {
    const thought = { id: 'th', position: 1, tool: 'search;clock', tool_labels: { search: { en_US: 'Web search' } } };
    const filled = {
      ...thought,
      thought: 'Let me see',
      tool_input: '{"search":{"q":"x"},"clock":{}}',
      observation: '{"search":"found"}',
    };
    const { events } = read('agent-chat', [
      chat('agent_thought', { ...thought, thought: '', observation: '' }),
      chat('agent_thought', filled),
      chat('agent_thought', { id: 'th2', position: 2, thought: '' }),
      messageEnd(),
    ]);
    const newest = new Map(stepsOf(events).map((step) => [step.step_id, step]));
    expect([...newest.values()]).toEqual([
      {
        step_id: 'thought:th',
        kind: 'thought',
        title: 'Thought',
        status: 'succeeded',
        index: 1,
        detail: { thought: 'Let me see' },
      },
      {
        ...{ step_id: 'thought:th:0', kind: 'tool', title: 'Web search', status: 'succeeded', parent_id: 'thought:th' },
        detail: { tool: 'search', input: '{"q":"x"}', observation: 'found' },
      },
      expect.objectContaining({ step_id: 'thought:th:1', title: 'clock', status: 'succeeded' }),
      { step_id: 'thought:th2', kind: 'thought', title: 'Thought', status: 'succeeded', index: 2 },
    ]);
    const log = { id: 'l', label: 'CALL', node_execution_id: 'e1', status: 'start', data: { a: 1 } };
    const logs = read('workflow', [
      flow('agent_log', log),
      flow('agent_log', { ...log, parent_id: 'p', status: 'error', error: 'no' }),
    ]);
    expect(stepsOf(logs.events)).toEqual([
      {
        step_id: 'log:l',
        kind: 'log',
        title: 'CALL',
        status: 'running',
        parent_id: 'node:e1',
        detail: { data: '{"a":1}' },
      },
      {
        step_id: 'log:l',
        kind: 'log',
        title: 'CALL',
        status: 'failed',
        parent_id: 'log:p',
        error: 'no',
        detail: { data: '{"a":1}' },
      },
    ]);
  });
});

describe('files', () => {
  it('have an absolute address, and come once', () => {
    const file = { id: 'f1', type: 'image', filename: 'a.png', mime_type: 'image/png', url: '/files/a.png?sign=1' };
    const { events } = read('advanced-chat', [
      chat('message_file', { id: 'f0', type: 'image', belongs_to: 'user', url: 'https://x.test/mine.png' }),
      chat('message_file', { id: 'f1', type: 'image', belongs_to: 'assistant', url: '/files/a.png?sign=1' }),
      flow('node_finished', { id: 'e1', node_id: 'n', status: 'succeeded', files: [file] }),
      flowEnd('succeeded', { files: [file, { ...file, id: 'f2', url: '', remote_url: 'https://x.test/b.pdf' }] }),
      messageEnd(),
    ]);
    expect(events.flatMap((event) => (event.type === 'file' ? [event.file] : []))).toEqual([
      { id: 'f1', kind: 'image', url: 'https://dify.test/files/a.png?sign=1' },
      { id: 'f2', kind: 'image', name: 'a.png', mime_type: 'image/png', url: 'https://x.test/b.pdf' },
    ]);
  });
});

describe('a run that waits', () => {
  const form = {
    ...{ form_id: 'f', form_token: 'tok', node_id: 'human', node_title: 'Approval', expiration_time: 1_800_000_000 },
    ...{
      form_content: 'Go on?',
      inputs: [{ output_variable_name: 'comment' }],
      resolved_default_values: { comment: 'hm' },
    },
    actions: [{ id: 'ok', title: 'OK', button_style: 'primary' }],
  };

  it('tells its form, and is no broken stream', () => {
    const { events, mapper, run } = read('workflow', [
      flow('node_started', { id: 'e1', node_id: 'human', title: 'Approval' }),
      flow('human_input_required', form),
      flow('workflow_paused', { paused_nodes: ['human'] }),
    ]);
    expect(events.slice(1)).toEqual([
      {
        ...{ type: 'step', step_id: 'form:human', kind: 'node', title: 'Approval', status: 'paused' },
        ...{ node_type: 'human-input', parent_id: 'node:e1' },
      },
      {
        type: 'input_required',
        form: {
          ...{ form_token: 'tok', title: 'Approval', content: 'Go on?', step_id: 'form:human' },
          inputs: [{ output_variable_name: 'comment', default_value: 'hm' }],
          actions: [{ id: 'ok', title: 'OK', style: 'primary' }],
          expires_at: '2027-01-15T08:00:00.000Z',
        },
      },
    ]);
    expect([mapper.paused, mapper.finished]).toEqual([true, false]);
    expect(run.forms).toEqual([{ token: 'tok', nodeId: 'human', expiresAt: 1_800_000_000_000 }]);
  });

  it('goes on: the form is closed, as the app says or as is known here', () => {
    const filled = { node_id: 'human', node_title: 'Approval', rendered_content: 'Go on? yes', action_text: 'OK' };
    const { events, run } = read('workflow', [
      flow('human_input_required', form),
      flow('human_input_form_filled', filled),
      flow('human_input_required', { ...form, form_token: null, node_id: 'mail' }),
      flow('human_input_form_timeout', { node_id: 'mail', node_title: 'Mail' }),
    ]);
    const [, , ...closed] = events;
    expect(closed).toEqual([
      expect.objectContaining({
        step_id: 'form:human',
        status: 'succeeded',
        detail: { action: 'OK', content: 'Go on? yes' },
      }),
      expect.objectContaining({ step_id: 'form:mail', status: 'paused' }),
      expect.objectContaining({ step_id: 'form:mail', status: 'failed' }),
    ]);
    expect([run.forms, run.pausedAt]).toEqual([[], null]);
    const forms = [
      { token: 'tok', nodeId: 'human', expiresAt: 1 },
      { token: null, nodeId: 'mail', expiresAt: 1 },
    ];
    const later = read('workflow', [], { run: { forms, answered: ['tok'] } });
    const batch = new EventBatch();
    later.mapper.closeForms(batch);
    expect(stepsOf(batch.take()).map(({ step_id: id, status }) => [id, status])).toEqual([
      ['form:human', 'succeeded'],
      ['form:mail', 'failed'],
    ]);
  });

  it('does not ask again for what was answered', () => {
    const { events } = read('workflow', [flow('human_input_required', form)], { run: { answered: ['tok'] } });
    expect(events).toEqual([]);
  });
});

describe('a run that is joined again', () => {
  const detailed: Step = {
    step_id: 'node:e1',
    kind: 'node',
    title: 'LLM',
    status: 'succeeded',
    detail: { outputs: 'x' },
  };
  const bare = { id: 'e1', node_id: 'n1', title: 'LLM' };

  it('adds what is new of a replay, and keeps what the replay leaves out', () => {
    const shown: Shown = {
      content: 'Hello',
      steps: [detailed, { ...detailed, step_id: 'node:e2', status: 'running' }],
    };
    const { events } = read(
      'advanced-chat',
      [
        flow('node_started', bare),
        flow('node_finished', { ...bare, status: 'succeeded' }),
        flow('node_finished', { ...bare, id: 'e2', status: 'failed' }),
        chat('message_replace', { answer: 'Hello, wor' }),
        text('ld'),
        messageEnd(),
        flowEnd(),
      ],
      { shown },
    );
    expect(stepsOf(events)).toEqual([{ ...detailed, step_id: 'node:e2', status: 'failed' }]);
    expect(events.filter(({ type }) => type === 'content' || type === 'replace')).toEqual([
      { type: 'content', content: ', world' },
    ]);
  });

  it('ends with the text of its outputs, whatever was missed', () => {
    const outputs = { text: 'Hello, world' };
    for (const [content, missed] of [
      ['Hel', 'ld'],
      ['Hello, world', ''],
      ['', 'x'],
    ] as const) {
      const { events } = read('workflow', [chunk(missed), flowEnd('succeeded', { outputs })], {
        shown: { content, steps: [] },
      });
      const replaced = events.find(({ type }) => type === 'replace');
      expect(replaced ?? { content: content + missed }).toMatchObject({ content: 'Hello, world' });
    }
  });
});
