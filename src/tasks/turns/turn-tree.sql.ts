import { sql } from 'drizzle-orm';
import type { Db } from '../../infra/database/database.js';
import { Statement } from '../../infra/database/statement.js';
import { type TreeMessage, TurnTree } from './turn-tree.js';

type Row = TreeMessage & { activeTurn: number | null };

/** For each turn behind a first one, before its answer begins. */
const READ_TREE = new Statement<Row, { taskId: number }>(
  sql`select s.id, s.message_id as "messageId", s.parent_id as "parentId", s.role, t.active_turn as "activeTurn"
    from subtasks s join tasks t on t.id = s.task_id where s.task_id = ${sql.placeholder('taskId')} order by s.message_id`,
  'turn_tree',
);

/** Reads the tree of a task's turns: rows without their texts. An unknown task has an empty tree. */
export async function readTurnTree(db: Pick<Db, '$client'>, taskId: number): Promise<TurnTree> {
  const rows = await READ_TREE.rows(db, { taskId });

  return new TurnTree(rows, rows[0]?.activeTurn ?? null);
}
