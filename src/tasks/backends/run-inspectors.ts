import { Injectable } from '@nestjs/common';
import type { SubtaskRow, TaskRow } from '../turns/turns.repository.js';

/**
 * What the owner of a task can do, in one word. `none`: it has ended; `wait`: it goes on by itself; `start_answer`:
 * nobody has asked for it; `check_executors`: no executor has taken it; `answer_input`: a person has to answer;
 * `retry`: it failed and can be tried again.
 */
export const NEXT_ACTIONS = ['none', 'wait', 'start_answer', 'check_executors', 'answer_input', 'retry'] as const;
export type NextAction = (typeof NEXT_ACTIONS)[number];

/** Where a subtask waits, or where its place in a queue is. */
export interface QueuePlace {
  name: string;
  state: string;
  /** 1 = next; null when it does not wait, or its place is not known. */
  position: number | null;
}

/** What is known about the run of a subtask. */
export interface Findings {
  lastEventAt: Date | null;
  /** Who works on it: the name of a process or of an executor. */
  owner: string | null;
  /** Until when the owner has it without being heard of. */
  leaseExpiresAt: Date | null;
  queue: QueuePlace | null;
  /** What the owner itself waits for. */
  upstream: { kind: string; id: string } | null;
  nextAction: NextAction;
  /** Sentences for people, the most important one first. */
  hints: string[];
}

/** What an inspector looks at. */
export interface Inspected {
  subtask: SubtaskRow;
  task: Pick<TaskRow, 'id' | 'status'>;
}

/** Knows how the runs of one kind are doing (direct chats, executors' work). */
export interface RunInspector {
  /** Whether this subtask's run is of its kind. */
  handles(subtask: SubtaskRow): boolean;
  /** Looks at a subtask that has not ended. @throws when Redis is away */
  inspect(inspected: Inspected): Promise<Findings>;
}

/** Features that run subtasks say here how to look at them. */
@Injectable()
export class RunInspectors {
  private readonly inspectors: RunInspector[] = [];

  register(inspector: RunInspector): void {
    this.inspectors.push(inspector);
  }

  /** Undefined when nothing runs this subtask. */
  for(subtask: SubtaskRow): RunInspector | undefined {
    return this.inspectors.find((inspector) => inspector.handles(subtask));
  }
}
