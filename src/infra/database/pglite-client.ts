import { PGlite, type QueryOptions, type Results } from '@electric-sql/pglite';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest time that queries may hold the event loop before streams get their turn. */
const TURN_MS = 5;

/** What Drizzle needs of a database client. */
export interface PgliteSession {
  query<T>(text: string, params?: unknown[], options?: QueryOptions): Promise<Results<T>>;
}

/**
 * PGlite, with the part of its interface that Drizzle uses. Its queries are synchronous WebAssembly and follow each
 * other without a break, so that a burst of requests would hold up every stream: here the event loop gets its turn
 * every few milliseconds. (A thread of its own for the database was measured too: the messages between the threads
 * cost 3.5 ms of CPU per chat turn, more than the queries.)
 */
export class PgliteClient implements PgliteSession {
  private turn: Promise<unknown> = Promise.resolve();
  private turnBegan = 0;

  private constructor(private readonly database: PGlite) {}

  static async open(directory: string): Promise<PgliteClient> {
    return new PgliteClient(await PGlite.create(directory));
  }

  query<T>(text: string, params?: unknown[], options?: QueryOptions): Promise<Results<T>> {
    return this.inTurn(() => this.database.query<T>(text, params, options));
  }

  /** Runs `work` in a transaction: rolled back when it throws. */
  transaction<T>(work: (session: PgliteSession) => Promise<T>): Promise<T> {
    return this.inTurn(() => this.database.transaction(work));
  }

  close(): Promise<void> {
    return this.inTurn(() => this.database.close());
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(() => this.begin(work));
    this.turn = mine.catch(() => undefined);

    return mine;
  }

  private async begin<T>(work: () => Promise<T>): Promise<T> {
    const now = performance.now();
    if (now - this.turnBegan > TURN_MS) {
      // An idle database has had its turn long ago; only a busy one has to wait for the next.
      if (now - this.turnBegan < 4 * TURN_MS) await nextTurn();
      this.turnBegan = performance.now();
    }

    return work();
  }
}
