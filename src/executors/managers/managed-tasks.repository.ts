import { Inject, Injectable } from '@nestjs/common';
import { and, eq, isNotNull, type SQL, sql } from 'drizzle-orm';
import { DB, type Db, idList, isOneOf } from '../../infra/database/database.js';
import { subtasks, tasks } from '../../infra/database/schema/schema.js';

/** Tasks as managers of executors see them. */
@Injectable()
export class ManagedTasksRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Returns tasks, each with the subtask that executors work on. */
  async withIds(taskIds: readonly number[]) {
    return taskIds.length === 0 ? [] : this.select(isOneOf(tasks.id, idList(taskIds)));
  }

  /** Returns tasks on which executors work whose names end like this. */
  async withExecutors(suffix: string) {
    return this.select(sql`right(${subtasks.executorName}, length(${suffix}::text)) = ${suffix}::text`);
  }

  private select(where: SQL) {
    return this.db
      .select({
        ...{ taskId: tasks.id, status: tasks.status, autoDelete: tasks.autoDeleteExecutor },
        ...{ subtaskId: subtasks.id, executorName: subtasks.executorName },
      })
      .from(tasks)
      .leftJoin(subtasks, and(eq(subtasks.taskId, tasks.id), eq(subtasks.status, 'RUNNING'), isNotNull(subtasks.lane)))
      .where(where);
  }
}
