import { describe, expect, it } from '@jest/globals';
import type { AnswerStep } from '../../../stream/answer/answer-state';
import { type StepNode, stepTree, summarise } from './step-tree';

const step = (id: string, more: Partial<AnswerStep> = {}): AnswerStep => ({
  step_id: id,
  kind: 'node',
  title: id,
  status: 'succeeded',
  ...more,
});

const ids = (nodes: readonly StepNode[]): unknown[] =>
  nodes.map((node) => (node.children.length > 0 ? [node.step.step_id, ids(node.children)] : node.step.step_id));

describe('stepTree', () => {
  it('nests parts, in the order of their index', () => {
    const steps = [
      step('flow'),
      step('b', { parent_id: 'flow', index: 2 }),
      step('a', { parent_id: 'flow', index: 1 }),
    ];
    expect(ids(stepTree(steps))).toEqual([['flow', ['a', 'b']]]);
  });

  it('keeps steps whose parents are unknown, or circular', () => {
    const steps = [step('x', { parent_id: 'gone' }), step('a', { parent_id: 'b' }), step('b', { parent_id: 'a' })];
    expect(ids(stepTree(steps))).toEqual(['x', 'a', 'b']);
  });
});

describe('summarise', () => {
  it('counts times and tokens of outer steps only', () => {
    const steps = [
      step('flow', { elapsed_ms: 100, tokens: 5 }),
      step('a', { parent_id: 'flow', elapsed_ms: 90, tokens: 5, status: 'failed' }),
      step('b', { parent_id: 'flow', status: 'running' }),
    ];
    expect(summarise(steps)).toMatchObject({ count: 3, failed: 1, elapsedMs: 100, tokens: 5, longestMs: 100 });
    expect(summarise(steps).running?.step_id).toBe('b');
    expect(summarise([])).toMatchObject({ count: 0, running: null, longestMs: 0 });
  });
});
