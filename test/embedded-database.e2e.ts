import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { endAll } from './support/child.js';
import { TaskTables } from './support/task-tables.js';

let tables: TaskTables;

beforeAll(async () => {
  tables = await TaskTables.open();
});

afterAll(() => endAll(tables));

it('takes no time to compress answers', async () => {
  const { subtaskId } = await tables.newTask();
  const result = { value: 'The quick brown fox jumps over the lazy dog. '.repeat(2000) };
  await tables.apply({ subtaskId, status: 'COMPLETED', result });
  const stored = await tables.rows<{ value: string; compression: string | null }>(
    sql`select result ->> 'value' as value, pg_column_compression(result) as compression from subtasks where id = ${subtaskId}`,
  );

  expect(stored).toEqual([{ value: result.value, compression: null }]);
});
