import { Inject, Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { DB, type Db } from '../../infra/database/database.js';
import { singleAnswerStatement, valuesOf } from './single-answer-update.sql.js';
import type { TaskChange } from '../events/task-change.publisher.js';
import {
  type LockedStep,
  lockTasks,
  lockTurns,
  lockTurnsOf,
  type ReportEvent,
  writeTurns,
} from './task-updates.sql.js';
import type { TaskUpdate } from '../tasks.jobs.js';
import { isTerminal } from '../task-status.js';
import { type AppliedUpdates, applyReports } from './apply-reports.js';

/** Applies reports. Every status write is guarded by the states it may follow. */
@Injectable()
export class TaskUpdatesRepository {
  constructor(
    @Inject(DB) private readonly db: Db,
    private readonly config: AppConfig,
  ) {}

  /** Applies reports in their order, all of them or (when it throws) none, and derives the states of their tasks. */
  async apply(updates: readonly TaskUpdate[]): Promise<AppliedUpdates> {
    const [first, ...more] = updates;
    const alone = first && more.length === 0 && !first.report ? await this.applyToSingleAnswer(first) : null;

    return (
      alone ??
      this.applyTo(updates, (tx) =>
        lockTurns(
          tx,
          updates.map(({ subtaskId }) => subtaskId),
        ),
      )
    );
  }

  /** Brings a task to the state of its newest turn, in case that was not written with the turn. */
  async reconcile(taskId: number): Promise<TaskChange[]> {
    return (await this.applyTo([], (tx) => lockTurnsOf(tx, taskId))).changes;
  }

  /**
   * One statement for the usual direct chat, which has one answer: the task's state is that answer's. See
   * docs/decisions/2026-11-29-one-table-of-transitions.md.
   * @returns null when nothing was changed: the state may not follow, an executor has it, or the turn has several answers
   */
  private async applyToSingleAnswer(update: TaskUpdate): Promise<AppliedUpdates | null> {
    const { subtaskId, status } = update;
    const [changed] = await singleAnswerStatement(status).rows(this.db, valuesOf(update));
    if (!changed) return null;
    const { userId, ...ids } = changed;
    const turn = { userId, taskId: ids.taskId, subtaskIds: [subtaskId], hasEnded: isTerminal(ids.taskStatus) };

    return { results: [{ outcome: 'applied', subtaskId, status, isTransition: true, ...ids, turn }], changes: [turn] };
  }

  private applyTo(updates: readonly TaskUpdate[], lock: (tx: Db) => Promise<LockedStep[]>): Promise<AppliedUpdates> {
    return this.db.transaction(async (tx) => {
      const steps = await lock(tx);
      const taskIds = [...new Set(steps.map(({ taskId }) => taskId))];
      const locked = await lockTasks(tx, taskIds, eventsIn(updates, steps));
      const { results, changes, ...decided } = applyReports(steps, locked, updates);
      await writeTurns(tx, decided.steps, decided.tasks, this.config.executors);

      return { results, changes };
    });
  }
}

/** The names of reports on these steps. */
function eventsIn(updates: readonly TaskUpdate[], steps: readonly LockedStep[]): ReportEvent[] {
  const taskOf = new Map(steps.map(({ id, taskId }) => [id, taskId]));

  return updates.flatMap(({ subtaskId, report }) => {
    const taskId = taskOf.get(subtaskId);
    const eventId = report?.eventId;

    return taskId === undefined || eventId === undefined ? [] : { taskId, subtaskId, eventId };
  });
}
