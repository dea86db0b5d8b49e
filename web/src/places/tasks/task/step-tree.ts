import type { AnswerStep } from '../../../stream/answer/answer-state';

export interface StepNode {
  step: AnswerStep;
  children: StepNode[];
}

/** Steps below those that they are a part of; the newest state of each. A step whose parent is unknown stands at the top. */
export function stepTree(steps: readonly AnswerStep[]): StepNode[] {
  const newest = new Map(steps.map((step) => [step.step_id, step]));
  const nodes = new Map([...newest].map(([id, step]): [string, StepNode] => [id, { step, children: [] }]));
  const roots: StepNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.step.parent_id === undefined ? undefined : nodes.get(node.step.parent_id);
    (parent === undefined || parent === node ? roots : parent.children).push(node);
  }

  return roots;
}
