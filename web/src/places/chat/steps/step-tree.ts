import type { AnswerStep } from '../../../stream/answer/answer-state';

/** A step with the steps that are parts of it. */
export interface StepNode {
  step: AnswerStep;
  children: readonly StepNode[];
}

/** Orders steps as the app nests them. A step whose parent is unknown, or is a part of itself, stands alone. */
export function stepTree(steps: readonly AnswerStep[]): readonly StepNode[] {
  const parents = new Map(steps.map((step) => [step.step_id, step.parent_id]));
  const childrenOf = new Map<string, AnswerStep[]>();
  const roots: AnswerStep[] = [];
  for (const step of steps) {
    const parent = step.parent_id;
    if (parent === undefined || !parents.has(parent) || isCircular(step.step_id, parents)) roots.push(step);
    else childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), step]);
  }
  const nodeOf = (step: AnswerStep): StepNode => ({
    step,
    children: sorted(childrenOf.get(step.step_id) ?? []).map(nodeOf),
  });

  return sorted(roots).map(nodeOf);
}

/** Steps of a loop come by their index; others as they came. */
const sorted = (steps: readonly AnswerStep[]) =>
  [...steps].sort((a, b) => (a.index === undefined || b.index === undefined ? 0 : a.index - b.index));

function isCircular(id: string, parents: ReadonlyMap<string, string | undefined>): boolean {
  const seen = new Set<string>();
  for (let at: string | undefined = id; at !== undefined; at = parents.get(at)) {
    if (seen.has(at)) return true;
    seen.add(at);
  }

  return false;
}

/** What one line says of all steps. */
export interface StepSummary {
  count: number;
  failed: number;
  elapsedMs: number;
  tokens: number;
  running: AnswerStep | null;
  /** The longest step, in ms: bars are drawn as parts of it. */
  longestMs: number;
}

/** Sums up the steps. Times and tokens of parts are those of the whole: only outer steps count. */
export function summarise(steps: readonly AnswerStep[]): StepSummary {
  const ids = new Set(steps.map((step) => step.step_id));
  const outer = steps.filter(({ parent_id: parent }) => parent === undefined || !ids.has(parent));

  return {
    count: steps.length,
    failed: steps.filter(({ status }) => status === 'failed').length,
    elapsedMs: outer.reduce((sum, step) => sum + (step.elapsed_ms ?? 0), 0),
    tokens: outer.reduce((sum, step) => sum + (step.tokens ?? 0), 0),
    running: steps.findLast(({ status }) => status === 'running' || status === 'retrying') ?? null,
    longestMs: Math.max(0, ...steps.map((step) => step.elapsed_ms ?? 0)),
  };
}
