import { PGlite } from '@electric-sql/pglite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openPglite, rowsOf } from '../../src/infra/database/database.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { ConversationPaths } from '../../src/tasks/turns/conversation-paths.js';
import { temporaryDirectory } from '../support/child.js';

const MIGRATIONS = resolve('src/infra/database/migrations');

let directory: ReturnType<typeof temporaryDirectory>;

beforeEach(() => {
  directory = temporaryDirectory('migrations');
});

afterEach(() => directory.remove());

/** A database as the release left it whose last migration is named. */
async function databaseOf(tag: string, statements: string): Promise<string> {
  const migrationsFolder = join(directory.path, 'migrations');
  await cp(MIGRATIONS, migrationsFolder, { recursive: true });
  const journal = join(migrationsFolder, 'meta/_journal.json');
  const all = JSON.parse(await readFile(journal, 'utf8')) as { entries: { tag: string }[] };
  const last = all.entries.findIndex((entry) => entry.tag === tag);
  await writeFile(journal, JSON.stringify({ ...all, entries: all.entries.slice(0, last + 1) }));
  const path = join(directory.path, 'pglite');
  const client = await PGlite.create(path);
  await migrate(drizzle(client), { migrationsFolder });
  await client.exec(statements);
  await client.close();

  return path;
}

describe('migration 0004_task_results', () => {
  it('keeps the result of every task', async () => {
    const path = await databaseOf(
      '0003_dify',
      `insert into users (id, user_name) values (1, 'ann');
      insert into teams (id, name, members) values (1, 'team', '[]');
      insert into tasks (id, user_id, team_id, title, prompt, status, result) values
        (1, 1, 1, 'two turns', 'q', 'COMPLETED', '{"value":"second"}'), (2, 1, 1, 'new turn', 'q', 'PENDING', null),
        (3, 1, 1, 'cut short', 'q', 'CANCELLED', '{"value":"step one"}');
      insert into subtasks (task_id, user_id, team_id, role, message_id, status, result) values
        (1, 1, 1, 'USER', 1, 'COMPLETED', null), (1, 1, 1, 'ASSISTANT', 2, 'COMPLETED', '{"value":"first"}'),
        (1, 1, 1, 'USER', 3, 'COMPLETED', null), (1, 1, 1, 'ASSISTANT', 4, 'COMPLETED', '{"value":"second"}'),
        (2, 1, 1, 'USER', 1, 'COMPLETED', null), (2, 1, 1, 'ASSISTANT', 2, 'COMPLETED', '{"value":"old"}'),
        (2, 1, 1, 'USER', 3, 'COMPLETED', null), (2, 1, 1, 'ASSISTANT', 4, 'PENDING', null),
        (3, 1, 1, 'USER', 1, 'COMPLETED', null), (3, 1, 1, 'ASSISTANT', 2, 'COMPLETED', '{"value":"step one"}'),
        (3, 1, 1, 'ASSISTANT', 3, 'CANCELLED', null);`,
    );

    const database = await openPglite(path);
    const { items } = await new TasksRepository(database.db).list(1, { page: 1, limit: 10 });
    await database.close();

    expect(items.map(({ title, result }) => [title, result])).toEqual([
      ['cut short', { value: 'step one' }],
      ['new turn', null],
      ['two turns', { value: 'second' }],
    ]);
  });
});

describe('migration 0007_versions', () => {
  it('makes lines of the turns of all tasks, and knows the newest turn of conversations with apps', async () => {
    const path = await databaseOf(
      '0006_sealed_servers',
      `insert into users (id, user_name) values (1, 'ann');
      insert into teams (id, name, members) values (1, 'team', '[]');
      insert into tasks (id, user_id, team_id, title, prompt, status) values (1, 1, 1, 'two turns', 'q', 'COMPLETED');
      insert into subtasks (task_id, user_id, team_id, role, message_id, status) values
        (1, 1, 1, 'USER', 1, 'COMPLETED'), (1, 1, 1, 'ASSISTANT', 2, 'COMPLETED'),
        (1, 1, 1, 'USER', 3, 'COMPLETED'), (1, 1, 1, 'ASSISTANT', 4, 'COMPLETED');
      insert into dify_conversations (task_id, bot_id, fingerprint, conversation_id, end_user) values (1, 2, 'f', 'c', 'u');`,
    );

    const database = await openPglite(path);
    const { items } = await new ConversationPaths(database.db).page(1, { page: 1, limit: 10 });
    const [conversation] = await rowsOf<{ turn: number }>(database.db, sql`select turn from dify_conversations`);
    await database.close();

    expect(items.map(({ messageId, parentId, version }) => [messageId, parentId, version?.subtaskIds.length])).toEqual([
      [1, 0, 1],
      [2, 1, undefined],
      [3, 2, 1],
      [4, 3, undefined],
    ]);
    expect(conversation?.turn).toBe(3);
  });
});
