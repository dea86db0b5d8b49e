import { and, eq, isNull, sql } from 'drizzle-orm';
import { type Db, hasRows } from '../../infra/database/database.js';
import { followUps } from '../../infra/database/schema/task-records.schema.js';

/**
 * Marks a queued prompt as begun, in the transaction that stores its turn, which has its text from then on.
 * @returns false when it does not wait any more
 */
export function markBegun(tx: Db, taskId: number, id: number): Promise<boolean> {
  return hasRows(
    tx
      .update(followUps)
      .set({ begunAt: sql`now()`, prompt: '', inputs: null, files: null, failure: null })
      .where(and(eq(followUps.id, id), eq(followUps.taskId, taskId), isNull(followUps.begunAt)))
      .returning({ id: followUps.id }),
  );
}
