import { describe, expect, it } from '@jest/globals';
import { chat, flow, flowEnd, messageEnd, read, stepsOf } from './dify.events.testing.js';

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
