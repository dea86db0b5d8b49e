import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Api } from './api.js';
import { eventually, type ServerProcess, type Spawn, spawnWatched, temporaryDirectory } from './child.js';

export type Environment = Record<string, string>;

const DIST = resolve(process.env['CONCH_DIST'] ?? 'dist');
/** One file of the same server, which starts in half the time. */
const BUNDLE = process.env['CONCH_TEST_SERVER'];
/**
 * Shorter than in production, because tests wait for them. The lock of a job is not: a worker on a busy machine must
 * keep its own. Answers begin when a test says so.
 */
const TIMES: Environment = {
  WORKER_STALLED_CHECK_MS: '1000',
  MAINTENANCE_INTERVAL_MS: '5000',
  CHAT_SELF_START_MS: '0',
};
const START_TIMEOUT_MS = 120_000;
/** With which that file was compiled, see `scripts/lib/test-server.mjs`. */
const V8_FLAGS =
  BUNDLE === undefined ? [] : (JSON.parse(readFileSync(join(dirname(BUNDLE), 'v8-flags.json'), 'utf8')) as string[]);

/** A server in a process of its own. */
export class Conch {
  private constructor(
    private readonly process: ServerProcess,
    readonly url: string,
    /** Calls of its HTTP API. */
    readonly api: Api,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  /** Starts a server and waits until it is ready. `DATA_DIR` is a new directory unless given. */
  static async start(environment: Environment = {}, entry = BUNDLE): Promise<Conch> {
    const directory = temporaryDirectory('data');
    const process = launch(environment, directory.path, entry);
    try {
      return await Conch.ready(process, directory.remove);
    } catch (error) {
      await process.end('SIGKILL');
      await directory.remove();
      throw error;
    }
  }

  /** Starts a server that survives the test file. @param directory what it keeps, and where it runs */
  static startShared(environment: Environment, directory: string, spawn: Spawn): Promise<Conch> {
    return Conch.ready(launch(environment, directory, BUNDLE, spawn), () => Promise.resolve());
  }

  /** A server that another test file has started. */
  static attach(process: ServerProcess, url: string): Conch {
    return new Conch(process, url, new Api(url), () => Promise.resolve());
  }

  /** Waits until a server is ready. @throws when it ends before */
  private static async ready(process: ServerProcess, cleanUp: () => Promise<void>): Promise<Conch> {
    const url = await eventually(
      'the server says where it listens',
      () => {
        if (!process.isRunning) throw new Error(`the server ended at its start:\n${process.logs}`);

        return /API +(http:\S+)\/api\n/.exec(process.logs)?.[1];
      },
      START_TIMEOUT_MS,
    );
    const conch = new Conch(process, url, new Api(url), cleanUp);
    await eventually('the server is ready', async () => (await conch.api.get('/health/ready')).status === 200);

    return conch;
  }

  /** Runs a server that is expected not to start. @returns what it said, and its exit status */
  static async startInVain(environment: Environment): Promise<{ status: number | NodeJS.Signals; logs: string }> {
    const directory = temporaryDirectory('data');
    const process = launch(environment, directory.path, BUNDLE);
    const timer = setTimeout(() => process.signal('SIGKILL'), START_TIMEOUT_MS);
    const status = await process.exited;
    clearTimeout(timer);
    await directory.remove();

    return { status, logs: process.logs };
  }

  get pid(): number {
    return this.process.pid;
  }

  get logs(): string {
    return this.process.logs;
  }

  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** Resolves with the exit status. */
  get exited(): Promise<number | NodeJS.Signals> {
    return this.process.exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.process.signal(signal);
  }

  /** Ends it without a chance to clean up. */
  async kill(): Promise<void> {
    await this.process.end('SIGKILL');
    await this.cleanUp();
  }

  /** Asks it to end and waits for it. @throws when it does not end by itself, in good order */
  async stop(): Promise<void> {
    const wasRunning = this.isRunning;
    this.signal('SIGCONT');
    const status = await this.process.end('SIGTERM');
    await this.cleanUp();
    if (wasRunning && status !== 0)
      throw new Error(`the server ended with ${status} after SIGTERM:\n${this.logs.slice(-4000)}`);
  }
}

/** Starts the very program that `npm start` runs. */
export const startConch = (environment?: Environment): Promise<Conch> =>
  Conch.start(environment, entryOf('src/main.js'));

/** Path of a compiled program. @throws when it was not built */
export function entryOf(name: string): string {
  const entry = join(DIST, name);
  if (!existsSync(entry)) throw new Error(`${entry} does not exist: run "npm run build" first, or set CONCH_DIST`);

  return entry;
}

function launch(
  environment: Environment,
  directory: string,
  entry = entryOf('src/main.js'),
  spawn: Spawn = spawnWatched,
): ServerProcess {
  const defaults: Environment = {
    ...{ DATA_DIR: directory, PORT: '0', SEEDS_DIR: resolve('seeds'), SHUTDOWN_GRACE_SECONDS: '0' },
    ...TIMES,
    // Not the Docker of the developer.
    EXECUTOR_MANAGER: 'off',
    // Providers that tests count the requests of would get one more.
    AUTO_TITLES: 'off',
  };
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ...defaults, ...environment };

  // Its working directory is its own, so that no `.env` of the developer reaches it.
  return spawn(process.execPath, [...V8_FLAGS, entry], { cwd: directory, env });
}
