import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBadData, logLine } from './database-errors.js';
import { openPglite, type OpenDatabase } from './database.js';
import { Statement } from './statement.js';

const sum = new Statement<{ total: number; kind: string }, { a: number; b: number }>(
  sql`select ${sql.placeholder('a')}::int + ${sql.placeholder('b')}::int as total, ${'sum'}::text as kind`,
);

let directory: string;
let database: OpenDatabase;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'conch-statement-'));
  database = await openPglite(directory);
});

afterAll(async () => {
  await database.close();
  await rm(directory, { recursive: true, force: true });
});

describe('Statement', () => {
  it('fails as queries of Drizzle do, without the values in the line for the log', async () => {
    const broken = new Statement<never, { secret: string }>(sql`select ${sql.placeholder('secret')}::int`);
    const error: unknown = await broken.rows(database.db, { secret: 'a text' }).catch((cause: unknown) => cause);
    expect(isBadData(error)).toBe(true);
    expect(logLine(error)).toMatch(/^query failed: /);
  });

  it('returns times as dates', async () => {
    const day = new Statement<{ day: Date }, Record<string, never>>(
      sql`select timestamptz '2026-01-02T03:04:05Z' as day`,
    );
    expect(await day.rows(database.db, {})).toEqual([{ day: new Date('2026-01-02T03:04:05Z') }]);
  });

  it('is run again and again with other values', async () => {
    expect(await sum.rows(database.db, { a: 1, b: 2 })).toEqual([{ total: 3, kind: 'sum' }]);
    expect(await sum.rows(database.db, { a: 40, b: 2 })).toEqual([{ total: 42, kind: 'sum' }]);
  });

  it('takes a value that stands in several places', async () => {
    const places = new Statement<{ text: string }, { a: string; b: string; c: string }>(
      sql`select ${sql.placeholder('a')} || ${sql.placeholder('b')} || ${sql.placeholder('a')} || ${'-'} || ${sql.placeholder('c')}
        || ${'-'} || ${sql.placeholder('b')} as text`,
    );

    expect(await places.rows(database.db, { a: 'a', b: 'b', c: 'c' })).toEqual([{ text: 'aba-c-b' }]);
  });

  it('belongs to the transaction that it is run in', async () => {
    const note = new Statement<never, { id: number }>(sql`insert into task_reservations (task_id, user_id)
      values (${sql.placeholder('id')}, (select min(id) from users))`);
    const count = new Statement<{ count: number }, Record<string, never>>(
      sql`select count(*)::int as count from task_reservations`,
    );
    await database.db.execute(sql`insert into users (user_name) values ('someone')`);
    const undone = database.db.transaction(async (tx) => {
      await note.rows(tx, { id: 7 });
      expect(await count.rows(tx, {})).toEqual([{ count: 1 }]);
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await count.rows(database.db, {})).toEqual([{ count: 0 }]);
  });
});
