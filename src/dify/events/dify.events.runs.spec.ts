import { describe, expect, it } from '@jest/globals';
import { EventBatch } from '../../infra/provider-stream/event-batch.js';
import type { ProviderEvent, Step } from '../../common/contracts/chat-event.js';
import type { Shown } from './dify.events.js';
import { chat, chunk, flow, flowEnd, messageEnd, read, stepsOf, text } from './dify.events.testing.js';

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
    expect(stepsOf(batch.drain()).map(({ step_id: id, status }) => [id, status])).toEqual([
      ['form:human', 'succeeded'],
      ['form:mail', 'failed'],
    ]);
  });

  it('does not ask again for what was answered', () => {
    const { events } = read('workflow', [flow('human_input_required', form)], { run: { answered: ['tok'] } });
    expect(events).toEqual([]);
    const forms = [{ token: 'tok', nodeId: 'human', expiresAt: 1_800_000_000_000 }];
    const { mapper } = read('workflow', [], { run: { forms } });
    const batch = new EventBatch();
    mapper.closeForms(batch);
    batch.drain();
    // The replay of a run that went on before its answer was noted here; its node may well ask anew.
    for (const data of [form, { ...form, form_token: 'next' }])
      mapper.push({ data: JSON.stringify(flow('human_input_required', data)) }, batch);
    expect(batch.drain().flatMap((event) => (event.type === 'input_required' ? event.form.form_token : []))).toEqual([
      'next',
    ]);
  });
});

describe('a run that ends', () => {
  const begun = [
    flow('node_started', { id: 'e1', node_id: 'n1', title: 'LLM' }),
    flow('iteration_started', { id: 'i1', node_id: 'n2', title: 'Each' }),
    flow('node_retry', { id: 'e2', node_id: 'n3', title: 'HTTP', status: 'retry' }),
  ];
  const lastOf = (events: readonly ProviderEvent[]) =>
    new Set(new Map(stepsOf(events).map((step) => [step.step_id, step.status])).values());

  it.each([
    ['succeeded', [flowEnd()]],
    ['succeeded', [flowEnd('partial-succeeded')]],
    ['failed', [flowEnd('failed', { error: 'boom' })]],
    ['skipped', [flowEnd('stopped')]],
    ['failed', [{ event: 'error', code: 'internal_server_error', message: 'boom', status: 500 }]],
  ])('has no step that goes on: %s', (status, end) => {
    for (const shown of [undefined, { content: '', steps: [] }]) {
      const { events } = read('workflow', [...begun, ...end], shown && { shown });
      expect(lastOf(events)).toEqual(new Set([status]));
    }
  });

  it('for us only: it waits for what nobody here can give, or its end is lost', () => {
    const paused = read('workflow', [...begun, flow('workflow_paused')]);
    const lost = read('advanced-chat', begun);
    const [waits, whole] = [new EventBatch(), new EventBatch()];
    paused.mapper.endPaused(waits);
    lost.mapper.keepPartial(whole);
    expect([lastOf(waits.drain()), lastOf(whole.drain())]).toEqual([new Set(['paused']), new Set(['succeeded'])]);
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
