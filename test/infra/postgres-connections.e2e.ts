/** Connections to a Postgres server that breaks, or breaks them, while they are used. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { isDatabaseDown } from '../../src/infra/database/database-errors.js';
import { openPostgres, type OpenDatabase, rowsOf } from '../../src/infra/database/database.js';
import { endAll, eventually } from '../support/child.js';
import { PostgresServer } from '../support/stores/postgres.js';

let server: PostgresServer;
let database: OpenDatabase;
const told: string[] = [];

beforeAll(async () => {
  server = await PostgresServer.start();
  database = await openPostgres(server.url, (error) => told.push(error.message));
});

afterAll(async () => {
  await endAll(database, server);
});

const terminate = (pid: number) => server.query(`select pg_terminate_backend(${pid})`);

describe('a connection that breaks', () => {
  it('between two statements of a transaction fails that transaction, and nothing else', async () => {
    const broken = database.db.transaction(async (tx) => {
      const [row] = await rowsOf<{ pid: number }>(tx, sql`select pg_backend_pid() as pid`);
      await terminate(row?.pid ?? 0);
      // Nobody waits for the connection at this moment: an error that nobody hears would end the process.
      await eventually('the loss is told', () => Promise.resolve(told.length > 0 || null));
      await tx.execute(sql`select 1`);
    });
    await expect(broken).rejects.toThrow();
    expect(await rowsOf(database.db, sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  it('while it is idle is told once, and replaced', async () => {
    const [row] = await rowsOf<{ pid: number }>(database.db, sql`select pg_backend_pid() as pid`);
    told.length = 0;
    await terminate(row?.pid ?? 0);
    await eventually('the loss is told', () => Promise.resolve(told.length > 0 || null));
    expect(await rowsOf(database.db, sql`select 1 as one`)).toEqual([{ one: 1 }]);
    expect(told).toHaveLength(1);
  });
});

describe('a transaction that gets no connection', () => {
  it('fails as a database that is down: calls get 503, not 500', async () => {
    const other = await PostgresServer.start();
    const opened = await openPostgres(other.url, () => undefined);
    await other.stop();
    const failure = await opened.db.transaction((tx) => rowsOf(tx, sql`select 1`)).catch((error: unknown) => error);
    await opened.close();

    expect(isDatabaseDown(failure)).toBe(true);
  });

  it('also when all connections are in use for too long', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const users = Array.from({ length: 20 }, () => database.db.transaction(() => released));
    const failure = await database.db.transaction((tx) => rowsOf(tx, sql`select 1`)).catch((error: unknown) => error);
    release();
    await Promise.all(users);

    expect(isDatabaseDown(failure)).toBe(true);
  });
});
