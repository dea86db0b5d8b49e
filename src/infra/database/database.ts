import type { PGlite } from '@electric-sql/pglite';
import { type Placeholder, type SQL, sql, type SQLWrapper } from 'drizzle-orm';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PgliteClient } from './pglite/pglite-client.js';
import { placePglite } from './pglite/pglite-template.js';
import * as schema from './schema/schema.js';

export type Schema = typeof schema;
export type Db = PgDatabase<PgQueryResultHKT, Schema>;

/** DI token of the {@link Db}. */
export const DB = Symbol('DB');

export interface OpenDatabase {
  db: Db;
  kind: 'pglite' | 'postgres';
  close(): Promise<void>;
  /** @throws when the database does not answer */
  ping(): Promise<void>;
}

/** Rows of a hand-written statement; both drivers answer with `{ rows }`. */
export async function rowsOf<Row>(db: Pick<Db, 'execute'>, statement: SQL): Promise<Row[]> {
  const answer: unknown = await db.execute(statement);

  return (answer as { rows: Row[] }).rows;
}

/** Ids as one parameter, for {@link isOneOf}. */
export const idList = (ids: readonly number[]): string => `{${ids.join(',')}}`;

/**
 * Whether a column is one of many ids: one text for any number of them, and one plan, as the planner does not look into
 * a subquery. (Prepared are only statements on tables that do not grow from nothing to thousands of rows within
 * seconds: a plan that was made for an empty table stays until the table is analyzed.)
 * @param ids an {@link idList}, or a placeholder for one
 */
export const isOneOf = (column: SQLWrapper, ids: string | Placeholder): SQL =>
  sql`${column} = any((select ${ids}::int[])::int[])`;

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));
/** Any constant: replicas that start together take turns at the migrations. */
const MIGRATION_LOCK = 7_305_001;

/**
 * Opens PGlite in `directory` and brings its schema up to date. Survives `kill -9`.
 * @param template what a database that is missing starts from, see {@link placePglite}
 */
export async function openPglite(directory: string, template?: string): Promise<OpenDatabase> {
  await placePglite(directory, template);
  const client = await PgliteClient.open(directory);
  const db = drizzlePglite({ client: client as unknown as PGlite, schema });
  await migratePglite(db, { migrationsFolder });
  // Compressed, an answer of 4 KB holds the event loop twice as long while it is stored.
  await client.query('alter table subtasks alter column result set storage external');

  return {
    db: db as unknown as Db,
    kind: 'pglite',
    close: () => client.close(),
    ping: async () => {
      await db.execute(sql`select 1`);
    },
  };
}

/**
 * Opens a pool on a Postgres server and brings its schema up to date; safe when several replicas start at once.
 * @param onError is told of each connection that breaks
 */
export async function openPostgres(url: string, onError: (error: Error) => void): Promise<OpenDatabase> {
  const pool = new pg.Pool({ connectionString: url, max: 20, connectionTimeoutMillis: 5000, keepAlive: true });
  pool.on('connect', (client) => hearErrors(client, onError));
  // Those of idle connections, once more: the pool drops them.
  pool.on('error', () => undefined);
  await migrateWithLock(pool);
  const db = drizzlePg({ client: pool, schema });

  return {
    db: db as unknown as Db,
    kind: 'postgres',
    close: () => pool.end(),
    ping: async () => {
      await pool.query('select 1');
    },
  };
}

/**
 * Tells of a connection that breaks, once. The pool listens to idle ones only: the error of one that a transaction holds
 * between two statements would end the process.
 */
function hearErrors(client: pg.PoolClient, onError: (error: Error) => void): void {
  let isTold = false;
  client.on('error', (error) => {
    if (!isTold) onError(error);
    isTold = true;
  });
}

async function migrateWithLock(pool: pg.Pool): Promise<void> {
  const connection = await pool.connect();
  try {
    await connection.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migratePg(drizzlePg({ client: connection, schema }), { migrationsFolder });
    await connection.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  } finally {
    connection.release();
  }
}
