import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { endAll, temporaryDirectory, Watched } from '../support/child.js';
import { entryOf } from '../support/conch.js';
import { TaskTables } from '../support/stores/task-tables.js';

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

it('begins with a template that any account can read: the one that runs the image has not built it', async () => {
  const directory = temporaryDirectory('template');
  const program = entryOf('src/infra/database/pglite/make-pglite-template.js');
  expect(await new Watched(spawn(process.execPath, [program, directory.path])).exited).toBe(0);
  const files = readdirSync(directory.path, { recursive: true }).map((name) => join(directory.path, String(name)));
  const hidden = files.filter((file) => (statSync(file).mode & 0o004) === 0);
  await directory.remove();

  expect(files.length).toBeGreaterThan(100);
  expect(hidden).toEqual([]);
});
