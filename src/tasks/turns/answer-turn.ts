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

  /** The steps that follow one. */
  after({ messageId }: SubtaskRow): SubtaskRow[] {
    return this.steps.filter((step) => step.messageId > messageId);
  }
}

/** Whether an answer waits or runs. */
export function isUnfinished(status: SubtaskStatus): boolean {
  return (UNFINISHED as readonly SubtaskStatus[]).includes(status);
}
