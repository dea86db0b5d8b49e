import { describe, expect, it } from '@jest/globals';
import { stepTree } from './step-tree';

const step = (step_id: string, parent_id?: string, status: 'running' | 'succeeded' = 'succeeded') => ({
  type: 'step' as const,
  step_id,
  kind: 'node' as const,
  title: step_id,
  status,
  parent_id,
});

describe('stepTree', () => {
  it('puts parts below their step, and keeps the newest state of each', () => {
    const tree = stepTree([step('loop', undefined, 'running'), step('a', 'loop'), step('loop'), step('lost', 'gone')]);

    expect(tree.map(({ step: { step_id: id, status }, children }) => [id, status, children.length])).toEqual([
      ['loop', 'succeeded', 1],
      ['lost', 'succeeded', 0],
    ]);
  });

  it('survives a step that is its own part', () => {
    expect(stepTree([step('a', 'a')])).toHaveLength(1);
  });
});
