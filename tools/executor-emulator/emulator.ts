// A small executor manager with executors, for tests and for authors of managers. README.md describes its scripts.
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeServer, KEEP_ALIVE_MS, listen, sendJson, urlOf } from '../shared/http.js';
import { Backend, type BackendOptions } from './backend.js';
import { type Counters, type Exchange, Journal } from './journal.js';
import { Manager, type ManagerOptions } from './manager.js';
import { type Parts, serve } from './routes.js';

/** How an emulator behaves; everything may be left out. */
export interface EmulatorOptions extends Partial<ManagerOptions>, Partial<Omit<BackendOptions, 'url'>> {
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Milliseconds between two requests for work. */
  interval?: number;
  /** Takes one line for each step. */
  log?: (line: string) => void;
}

/** A running emulator. It fetches work as soon as the address of its backend is set. */
export class ExecutorEmulator {
  private parts: Parts | null = null;
  private polling: Promise<void> = Promise.resolve();
  private readonly closing = new AbortController();
  private readonly journal: Journal;
  private readonly server: Server;

  private constructor(private readonly options: EmulatorOptions) {
    this.journal = new Journal(options.log);
    this.server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => {
      serve(this.parts, req, res).catch((error: unknown) => {
        // Reading fails when the client hangs up.
        if (!res.headersSent && !res.destroyed) sendJson(res, 500, { detail: String(error) });
      });
    });
  }

  /** Starts to listen, by default on 127.0.0.1 and a free port, so that a backend can be started with its address. */
  static async start(options: EmulatorOptions = {}): Promise<ExecutorEmulator> {
    const emulator = new ExecutorEmulator(options);
    await listen(emulator.server, options.port ?? 0, emulator.host);
    return emulator;
  }

  /** The address for EXECUTOR_MANAGER_URL. */
  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the emulator is closed');
    return urlOf(this.host, address.port);
  }

  /** What was sent and answered, oldest first; always the same array. */
  get exchanges(): Exchange[] {
    return this.journal.exchanges;
  }

  /** Running totals; always the same object. */
  get counters(): Counters {
    return this.journal.counters;
  }

  /** The executors by the name of their container. @throws before {@link work} */
  get manager(): Manager {
    if (!this.parts) throw new Error('the emulator has no backend yet');
    return this.parts.manager;
  }

  /** Begins to ask a backend for work. @param url its address, without `/api` */
  work(url: string): void {
    const {
      token,
      sign = false,
      behaviour = 'well-behaved',
      limit = 30,
      types = ['online'],
      wegent = false,
    } = this.options;
    if (sign && token === undefined) throw new Error('a signature needs a token');
    const backend = new Backend({ url, token, sign }, this.journal, this.closing.signal);
    const manager = new Manager(backend, this.journal, { behaviour, limit, types, wegent });
    this.parts = { manager, backend, journal: this.journal };
    this.polling = this.poll(manager);
  }

  /** Everything that was sent about a subtask. */
  about(subtaskId: number): Exchange[] {
    return this.exchanges.filter((exchange) => exchange.subtaskId === subtaskId);
  }

  /** Kills the executors, cuts all connections and stops listening. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.polling;
    await this.parts?.manager.stop();
    this.parts?.backend.close();
    await closeServer(this.server);
  }

  private get host(): string {
    return this.options.host ?? '127.0.0.1';
  }

  private async poll(manager: Manager): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await manager.poll();
      await sleep(this.options.interval ?? 1000, undefined, { signal }).catch(() => undefined);
    }
  }
}
