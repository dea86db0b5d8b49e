import { setFlagsFromString } from 'node:v8';
import { PGlite, type QueryOptions, type Results } from '@electric-sql/pglite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PgliteStatements } from './pglite-statements.js';

/** Longest time for which queries may block the event loop. */
const TURN_MS = 5;
const VACUUM_EVERY_MS = 30_000;
/**
 * Queries after which tables are vacuumed in a quiet half minute (one with few queries), and after which they are vacuumed
 * in any case.
 */
const VACUUM_AFTER_QUERIES = 2_000;
const VACUUM_ALWAYS_AFTER_QUERIES = 20_000;
const QUIET_QUERIES = 100;
const SETTINGS = {
  // The default of 128 MB is cleared at every start: half a second, and 110 MB of memory that stays in use.
  shared_buffers: '16MB',
  // Unlike a bitmap scan, a plain index scan marks dead entries for the next one.
  enable_bitmapscan: 'off',
  // Filling each new file of the write-ahead log with 16 MB of zeros blocks the event loop for some 40 ms.
  wal_init_zero: 'off',
  // Statistics are made of 300 times as many rows. With 100, the default, a table of 30,000 rows takes 0.3 s.
  default_statistics_target: '10',
};
/** Queries after which plans are discarded for the first time. */
const FIRST_REPLAN = 50;

/** A query in the form of node-postgres. Its name is not used: all statements are prepared. */
interface QueryWithValues {
  text: string;
  values: unknown[];
}

/** What Drizzle, and `Statement`, need of a database client. */
export interface PgliteSession {
  query<T>(query: string | QueryWithValues, params?: unknown[], options?: QueryOptions): Promise<Results<T>>;
}

/**
 * PGlite, with the part of its interface that Drizzle uses, and three things that a Postgres server does by itself.
 *
 * Fairness: its queries are synchronous WebAssembly without pauses, so that a burst of requests would block every stream;
 * this class yields to the event loop every few milliseconds. (A thread for the database was measured too: its messages
 * cost 3.5 ms of CPU per chat turn, more than the queries.)
 *
 * Vacuum: it has no autovacuum. Without one, the index of unfinished answers keeps an entry of every past answer, and
 * becomes slower with every turn.
 *
 * Growth: a plan for a nearly empty table reads all of it, and is cached until the table is analysed. Plans are discarded
 * whenever the number of queries has doubled.
 */
export class PgliteClient implements PgliteSession {
  private turn: Promise<unknown> = Promise.resolve();
  /** When queries began to block this turn of the event loop; null when none did. */
  private turnBegan: number | null = null;
  /** Queries since the last vacuum, now and at the last check. */
  private queries = 0;
  private queriesSeen = 0;
  private allQueries = 0;
  private replanAfter = FIRST_REPLAN;
  private readonly vacuuming: NodeJS.Timeout;
  private readonly statements: PgliteStatements;

  private constructor(private readonly database: PGlite) {
    this.statements = new PgliteStatements(database);
    this.vacuuming = setInterval(() => void this.vacuumWhenQuiet(), VACUUM_EVERY_MS).unref();
  }

  static async open(directory: string): Promise<PgliteClient> {
    // V8 compiles what is called often while the database starts, on all threads at once; that memory is never returned to
    // the system: 40 MB less with one thread, and the start takes no longer. (Without the flag: a warning of V8's.)
    setFlagsFromString('--wasm-num-compilation-tasks=1');
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const database = await PGlite.create(directory, { startParams: [...PGlite.defaultStartParams, ...settings] });
    const client = new PgliteClient(database);
    await client.vacuum();

    return client;
  }

  query<T>(query: string | QueryWithValues, params?: unknown[], options?: QueryOptions): Promise<Results<T>> {
    return this.inTurn(() => this.run<T>(query, params, options));
  }

  /** Runs `work` in a transaction: rolled back when it throws. @throws when a failed query in it was passed over */
  transaction<T>(work: (session: PgliteSession) => Promise<T>): Promise<T> {
    const session: PgliteSession = {
      query: (query, params, options) => this.run(query, params, options),
    };

    return this.inTurn(async () => {
      await this.statements.command('begin');
      try {
        const result = await work(session);
        // Postgres answers the commit of a failed transaction with a rollback, and no error.
        if ((await this.statements.command('commit')) !== 'COMMIT')
          throw new Error('a query of this transaction had failed');

        return result;
      } catch (error) {
        await this.statements.command('rollback');
        throw error;
      }
    });
  }

  close(): Promise<void> {
    clearInterval(this.vacuuming);

    return this.inTurn(() => this.database.close());
  }

  private run<T>(query: string | QueryWithValues, params?: unknown[], options?: QueryOptions): Promise<Results<T>> {
    if (typeof query === 'string') return this.statements.query<T>(query, params, options);

    return this.statements.query<T>(query.text, query.values);
  }

  private inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    this.queries += 1;
    const mine = this.turn.then(() => this.begin(work));
    this.turn = mine.catch(() => undefined);

    return mine;
  }

  private async begin<T>(work: () => T | Promise<T>): Promise<T> {
    while (this.turnBegan !== null && performance.now() - this.turnBegan > TURN_MS) await nextTurn();
    if (this.turnBegan === null) {
      this.turnBegan = performance.now();
      setImmediate(() => (this.turnBegan = null));
    }
    await this.discardOldPlans();

    return work();
  }

  private async discardOldPlans(): Promise<void> {
    this.allQueries += 1;
    if (this.allQueries < this.replanAfter) return;
    this.replanAfter *= 2;
    await this.statements.command('discard plans');
  }

  private async vacuumWhenQuiet(): Promise<void> {
    const isQuiet = this.queries - this.queriesSeen < QUIET_QUERIES;
    this.queriesSeen = this.queries;
    if (this.queries < (isQuiet ? VACUUM_AFTER_QUERIES : VACUUM_ALWAYS_AFTER_QUERIES)) return;
    await this.vacuum().catch(() => undefined);
  }

  /** Vacuums table by table: all at once, with the catalog, would block the event loop for a second. */
  private async vacuum(): Promise<void> {
    const { rows } = await this.query<{ command: string }>(
      `select format('vacuum analyze %I.%I', schemaname, relname) as command from pg_stat_user_tables`,
    );
    for (const { command } of rows) {
      await nextTurn();
      await this.inTurn(() => this.database.exec(command));
    }
    this.queries = 0;
    this.queriesSeen = 0;
  }
}
