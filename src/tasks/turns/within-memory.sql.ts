import { type SQL, sql } from 'drizzle-orm';
import { type Db, idList, isOneOf, rowsOf } from '../../infra/database/database.js';
import { subtasks } from '../../infra/database/schema/schema.js';

/** Results that are read at a time, in bytes of their JSON; a single larger one is read all the same. */
export const MAX_RESULTS = 8 * 1024 * 1024;

/**
 * Returns the condition for subtasks whose results are read, so that many large ones never are in memory together: the
 * newest one, and those before it as long as all of them stay within the limit. Stored sizes are added up first: only
 * results that may fit are turned into text, to count their bytes.
 * @param rows selects `id`, `message_id` and `result` of the subtasks of one task
 */
export async function withinMemory(db: Db, rows: SQL): Promise<SQL> {
  const newestFirst = sql`over (order by message_id desc)`;
  const whole = await rowsOf<{ id: number }>(
    db,
    sql`with stored as (
      select id, message_id, result, sum(pg_column_size(result)) ${newestFirst} as size
      from (${rows}) given where result is not null
    ), counted as (
      select id, row_number() ${newestFirst} as place, sum(case
        when size > ${MAX_RESULTS} then ${MAX_RESULTS + 1}
        else octet_length(result::text) end) ${newestFirst} as size
      from stored
    )
    select id from counted where place = 1 or size <= ${MAX_RESULTS}`,
  );

  return isOneOf(subtasks.id, idList(whole.map(({ id }) => id)));
}
