import type { SubtaskStatus, subtasks, tasks } from '../../infra/database/schema/schema.js';
import { UNFINISHED } from '../task-status.js';

export type TaskRow = typeof tasks.$inferSelect;
export type SubtaskRow = typeof subtasks.$inferSelect;

/** The answers to one question: the steps of a pipeline, in order, else a single one. */
export class AnswerTurn {
  /** The one that run and stream are named by. */
  readonly first: SubtaskRow;
  private readonly last: SubtaskRow;

  /** @param steps at least one */
  constructor(
    readonly task: TaskRow,
    readonly steps: readonly SubtaskRow[],
  ) {
    const [first] = steps;
    const last = steps[steps.length - 1];
    if (!first || !last) throw new RangeError(`a turn of task ${task.id} without answers`);
    this.first = first;
    this.last = last;
  }

  /** The step that runs or that is next; null when the turn has ended. */
  get current(): SubtaskRow | null {
    return this.steps.find((step) => isUnfinished(step.status)) ?? null;
  }

  /** The step whose end is that of the whole turn, once it has ended: the first one that did not complete, else the last. */
  get deciding(): SubtaskRow {
    return this.steps.find(({ status }) => status === 'FAILED' || status === 'CANCELLED') ?? this.last;
  }

  /** Whether a worker has begun it. */
  get hasBegun(): boolean {
    return this.steps.some(({ status }) => status !== 'PENDING');
  }

  step(subtaskId: number): SubtaskRow | undefined {
    return this.steps.find(({ id }) => id === subtaskId);
  }

  /** The step that follows one; null after the last one. */
  after({ messageId }: SubtaskRow): SubtaskRow | null {
    return this.steps.find((step) => step.messageId > messageId) ?? null;
  }

  /** Whether executors give one of its answers. */
  get hasExecutors(): boolean {
    return this.steps.some(isByExecutor);
  }

  /** Position of the first answer of the run that gives one: the one behind the newest of executors, 0 when the run begins the turn. */
  runPosition({ messageId }: SubtaskRow): number {
    const before = this.steps.findLast((step) => step.messageId < messageId && isByExecutor(step));

    return before ? before.messageId + 1 : 0;
  }
}

/** Whether an executor gives an answer, and not a direct chat. */
export const isByExecutor = ({ lane }: Pick<SubtaskRow, 'lane'>): boolean => lane !== null;

/** Whether an answer waits or runs. */
export function isUnfinished(status: SubtaskStatus): boolean {
  return (UNFINISHED as readonly SubtaskStatus[]).includes(status);
}
