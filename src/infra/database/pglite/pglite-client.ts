import { PGlite, type QueryOptions, type Results } from '@electric-sql/pglite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PgliteStatements } from './pglite-statements.js';

/** Longest time that queries may hold the event loop before streams get their turn. */
const TURN_MS = 5;
const TIDY_EVERY_MS = 30_000;
/**
 * Queries after which tidying up is worth while, and for how many more it waits for a quiet half minute: one with fewer
 * queries than this, as what looks after the server by itself makes some.
 */
const TIDY_AFTER_QUERIES = 2_000;
const TIDY_WHATEVER_QUERIES = 20_000;
const QUIET_QUERIES = 100;
/** Statistics are made of 300 times as many rows. With 100, the default, a table of 30,000 rows takes 0.3 s. */
const STATISTICS_TARGET = 10;
/** Queries after which plans are made anew for the first time. */
const FIRST_PLANS = 50;

/** A query with its values, as node-postgres takes it. Its name is of no use: all statements stay prepared here. */
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
 * Fairness: its queries are synchronous WebAssembly and follow each other without a break, so that a burst of requests
 * would hold up every stream; here the event loop gets its turn every few milliseconds. (A thread of its own for the
 * database was measured too: the messages between the threads cost 3.5 ms of CPU per chat turn, more than the queries.)
 *
 * Tidiness: it has no autovacuum. Without one, the index of unfinished answers keeps an entry of every answer there
 * ever was, and asking it takes longer with every turn.
 *
 * Growth: a plan that was made for a nearly empty table reads it whole, and is kept until the table is analysed. So
 * plans are made anew whenever there have been twice as many queries.
 */
export class PgliteClient implements PgliteSession {
  private turn: Promise<unknown> = Promise.resolve();
  /** When queries began to hold the event loop, if they have had it since its last turn. */
  private turnBegan: number | null = null;
  /** Since the last tidying, and as of the last look. */
  private queries = 0;
  private queriesSeen = 0;
  private allQueries = 0;
  private plansLast = FIRST_PLANS;
  private readonly tidying: NodeJS.Timeout;
  private readonly statements: PgliteStatements;

  private constructor(private readonly database: PGlite) {
    this.statements = new PgliteStatements(database);
    this.tidying = setInterval(() => void this.tidyWhenQuiet(), TIDY_EVERY_MS).unref();
  }

  static async open(directory: string): Promise<PgliteClient> {
    const database = await PGlite.create(directory);
    // A bitmap scan leaves dead index entries as they are; a plain one marks them, so that the next need not look. Filling
    // each new file of the write-ahead log with 16 MB of zeros first holds the event loop for some 40 ms.
    await database.exec(
      `set enable_bitmapscan = off; set wal_init_zero = off; set default_statistics_target = ${STATISTICS_TARGET}`,
    );
    const client = new PgliteClient(database);
    await client.tidy();

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
    clearInterval(this.tidying);

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
    await this.keepPlansYoung();

    return work();
  }

  private async keepPlansYoung(): Promise<void> {
    this.allQueries += 1;
    if (this.allQueries < this.plansLast) return;
    this.plansLast *= 2;
    await this.statements.command('discard plans');
  }

  private async tidyWhenQuiet(): Promise<void> {
    const isQuiet = this.queries - this.queriesSeen < QUIET_QUERIES;
    this.queriesSeen = this.queries;
    if (this.queries < (isQuiet ? TIDY_AFTER_QUERIES : TIDY_WHATEVER_QUERIES)) return;
    await this.tidy().catch(() => undefined);
  }

  /** Table by table: all at once, with the catalog, would hold the event loop for a second. */
  private async tidy(): Promise<void> {
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
