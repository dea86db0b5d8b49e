import type { PGlite } from '@electric-sql/pglite';
import { DrizzleQueryError, type Placeholder, type SQL, sql, type SQLWrapper } from 'drizzle-orm';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator';
import type { PgDatabase, PgQueryResultHKT, PgTable } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { offsetOf, type Page, type PageQuery } from '../../common/page.js';
import { PgliteClient, type PgliteSession } from './pglite/pglite-client.js';
import { placePglite } from './pglite/pglite-template.js';

/** A query in the form of both drivers. */
export interface DriverQuery {
  /** Name of the prepared statement; a query without one is planned with every call. */
  name?: string;
  text: string;
  values: unknown[];
}

/** A driver, or the connection of a transaction. */
export interface DriverClient {
  query(query: DriverQuery): Promise<{ rows: unknown[] }>;
}

/** The database, or a transaction on it. */
export interface Db extends Omit<PgDatabase<PgQueryResultHKT>, 'transaction'> {
  readonly $client: DriverClient;
  /** Runs `work` in a transaction: rolled back when it throws. @throws when called within a transaction */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
}

/** DI token of the {@link Db}. */
export const DB = Symbol('DB');

export interface OpenDatabase {
  db: Db;
  kind: 'pglite' | 'postgres';
  close(): Promise<void>;
  /** @throws when the database does not answer */
  ping(): Promise<void>;
}

/** Runs a hand-written statement, and returns its rows. */
export async function rowsOf<Row>(db: Pick<Db, 'execute'>, statement: SQL): Promise<Row[]> {
  const answer: unknown = await db.execute(statement);

  return (answer as { rows: Row[] }).rows;
}

/** Returns the first row of a query; null without one. */
export async function firstRow<Row>(query: PromiseLike<Row[]>): Promise<Row | null> {
  const [row] = await query;

  return row ?? null;
}

/** Returns the row that a write was to make. */
export async function writtenRow<Row>(query: PromiseLike<Row[]>): Promise<Row> {
  const row = await firstRow(query);
  if (!row) throw new Error('the statement wrote no row');

  return row;
}

/** Whether a query has found, or a write has changed, any row. */
export async function hasRows(query: PromiseLike<unknown[]>): Promise<boolean> {
  return (await query).length > 0;
}

/** Returns a page of the rows of a table, and how many there are. */
export async function pageOf<Table extends PgTable>(
  db: Db,
  table: Table,
  query: PageQuery,
  where: SQL | undefined,
  ...order: SQL[]
): Promise<Page<Table['$inferSelect']>> {
  const source: PgTable = table;
  const ordered = db
    .select()
    .from(source)
    .where(where)
    .orderBy(...order);

  return { total: await db.$count(source, where), items: await ordered.limit(query.limit).offset(offsetOf(query)) };
}

/** Formats ids as one parameter, for {@link isOneOf}. */
export const idList = (ids: readonly number[]): string => `{${ids.join(',')}}`;

/**
 * Compares a column with a list of ids: one text and one plan for any number of them, as the planner does not inspect a
 * subquery. (Statements are prepared only on tables that do not grow from nothing to thousands of rows within seconds: a
 * plan for an empty table is cached until the table is analyzed.)
 * @param ids an {@link idList}, or a placeholder for one
 */
export const isOneOf = (column: SQLWrapper, ids: string | Placeholder): SQL =>
  sql`${column} = any((select ${ids}::int[])::int[])`;

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));
/** Any constant. Replicas that start together migrate one after the other. */
const MIGRATION_LOCK = 7_305_001;

/**
 * Opens PGlite in `directory` and brings its schema up to date. Survives `kill -9`.
 * @param template what a database that is missing starts from, see {@link placePglite}
 */
export async function openPglite(directory: string, template?: string): Promise<OpenDatabase> {
  await placePglite(directory, template);
  const client = await PgliteClient.open(directory);
  const db = pgliteDb(client);
  await migratePglite(db, { migrationsFolder });
  // Compression doubles the time for which storing an answer of 4 KB blocks the event loop.
  await client.query('alter table subtasks alter column result set storage external');

  return {
    db: toDb(db, (work) => client.transaction((session) => work(toDb(pgliteDb(session), refuseNesting)))),
    kind: 'pglite',
    close: () => client.close(),
    ping: async () => {
      await db.execute(sql`select 1`);
    },
  };
}

/**
 * Opens a pool on a Postgres server and brings its schema up to date; safe when several replicas start at once.
 * @param onError called once for each connection that breaks
 */
export async function openPostgres(url: string, onError: (error: Error) => void): Promise<OpenDatabase> {
  const pool = new pg.Pool({ connectionString: url, max: 20, connectionTimeoutMillis: 5000, keepAlive: true });
  pool.on('connect', (client) => reportErrors(client, onError));
  // The pool repeats the errors of idle connections, which it closes.
  pool.on('error', () => undefined);
  await migrateWithLock(pool);

  return {
    db: toDb(drizzlePg({ client: pool }), (work) => onOneConnection(pool, work)),
    kind: 'postgres',
    close: () => pool.end(),
    ping: async () => {
      await pool.query('select 1');
    },
  };
}

const pgliteDb = (session: PgliteSession) => drizzlePglite({ client: session as unknown as PGlite });

/** Returns a Drizzle database whose transactions expose their driver, which Drizzle's own do not. */
function toDb(db: object, transaction: Db['transaction']): Db {
  return Object.assign(db, { transaction }) as Db;
}

/** Runs `work` in a transaction on one connection of the pool. @throws DrizzleQueryError also when there is no connection */
async function onOneConnection<T>(pool: pg.Pool, work: (tx: Db) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw new DrizzleQueryError('begin', [], error as Error);
  });
  try {
    return await drizzlePg({ client }).transaction(() => work(toDb(drizzlePg({ client }), refuseNesting)));
  } finally {
    client.release();
  }
}

const refuseNesting = () => Promise.reject(new Error('a transaction within a transaction'));

/**
 * Reports a broken connection, once. The pool listens to idle ones only: the error of a connection in a transaction would
 * end the process.
 */
function reportErrors(client: pg.PoolClient, onError: (error: Error) => void): void {
  let isReported = false;
  client.on('error', (error) => {
    if (!isReported) onError(error);
    isReported = true;
  });
}

async function migrateWithLock(pool: pg.Pool): Promise<void> {
  const connection = await pool.connect();
  try {
    await connection.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migratePg(drizzlePg({ client: connection }), { migrationsFolder });
    await connection.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  } finally {
    connection.release();
  }
}
