import type { TaskStatus } from '../../infra/database/schema/schema.js';
import { outcomeOf } from '../status/turn-state.js';
import { deriveTaskStatus } from '../task-status.js';
import type { AnswerTurn, TaskRow } from '../turns/answer-turn.js';

/** What a task that has ended shows of its last turn. */
export interface ShownTurn extends Pick<TaskRow, 'prompt' | 'teamId' | 'resultOf' | 'errorMessage' | 'completedAt'> {
  status: TaskStatus;
}

/** Returns what a task shows of a turn that has ended. @param prompt its question */
export function shownOf({ first, steps }: AnswerTurn, prompt: string): ShownTurn {
  const status = deriveTaskStatus(
    steps.map((step) => step.status),
    false,
  );
  const states = steps.map((step) => ({ ...step, hasResult: step.result !== null }));

  return {
    ...{ prompt, teamId: first.teamId, status },
    ...outcomeOf(states, status),
    completedAt: steps.findLast(({ completedAt }) => completedAt !== null)?.completedAt ?? null,
  };
}
