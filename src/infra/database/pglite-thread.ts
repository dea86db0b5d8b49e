import { Worker } from 'node:worker_threads';
import type { PgliteReply, PgliteRequest } from './pglite-messages.js';

type Result = NonNullable<PgliteReply['result']>;

interface Waiting {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

interface QueryOptions {
  rowMode?: 'array' | 'object';
}

/** What Drizzle needs of a database client. */
export interface PgliteSession {
  query(text: string, params?: unknown[], options?: QueryOptions): Promise<Result>;
}

/**
 * PGlite in a thread of its own, with the part of its interface that Drizzle uses. It has one session, so a
 * transaction keeps everybody else waiting. Should the thread die it is started again on the same directory;
 * what it was working on fails like a lost connection.
 */
export class PgliteThread implements PgliteSession {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private closing = false;

  private constructor(private readonly directory: string) {}

  static async open(directory: string): Promise<PgliteThread> {
    const thread = new PgliteThread(directory);
    await thread.launch();

    return thread;
  }

  query(text: string, params: unknown[] = [], options: QueryOptions = {}): Promise<Result> {
    return this.inTurn(() => this.send(text, params, options));
  }

  /** Runs `work` in a transaction: rolled back when it throws. */
  transaction<T>(work: (session: PgliteSession) => Promise<T>): Promise<T> {
    const session: PgliteSession = { query: (text, params = [], options = {}) => this.send(text, params, options) };

    return this.inTurn(async () => {
      await session.query('BEGIN');
      try {
        const result = await work(session);
        await session.query('COMMIT');

        return result;
      } catch (error) {
        await session.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.inTurn(() => this.send(null, [], {}));
    await this.worker?.terminate();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);

    return mine;
  }

  private send(text: string | null, params: unknown[], { rowMode = 'object' }: QueryOptions): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!this.worker) return reject(lost());
      this.lastId += 1;
      this.waiting.set(this.lastId, { resolve, reject });
      this.worker.postMessage({ id: this.lastId, text, params, rowMode } satisfies PgliteRequest);
    });
  }

  private launch(): Promise<void> {
    const worker = new Worker(new URL('./pglite-worker.js', import.meta.url), { workerData: { directory: this.directory } });

    return new Promise((resolve, reject) => {
      worker.on('message', (reply: PgliteReply) => {
        if (reply.id > 0) return this.settle(reply);
        this.worker = worker;
        resolve();
      });
      // An error is always followed by the exit.
      worker.on('error', reject);
      worker.on('exit', () => this.onExit(worker));
    });
  }

  private settle({ id, result, error }: PgliteReply): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) waiting?.reject(Object.assign(new Error(error.message), error));
    else waiting?.resolve(result ?? { rows: [], fields: [] });
  }

  private onExit(worker: Worker): void {
    if (this.worker !== worker) return;
    this.worker = null;
    for (const { reject } of this.waiting.values()) reject(lost());
    this.waiting.clear();
    if (!this.closing) this.launch().catch(() => undefined);
  }
}

/** With the SQLSTATE of a server that was shut down, which callers take for "try again". */
function lost(): Error {
  return Object.assign(new Error('the database thread has ended'), { code: '57P01' });
}
