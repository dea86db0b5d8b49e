import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Api } from './api.js';
import { eventually, temporaryDirectory, Watched } from './child.js';

export type Environment = Record<string, string>;

const DIST = resolve(process.env['CONCH_DIST'] ?? 'dist');
const START_TIMEOUT_MS = 60_000;

/** A server in a process of its own, as `npm start` runs it. */
export class Conch {
  private constructor(
    private readonly process: Watched,
    readonly url: string,
    /** Calls of its HTTP API. */
    readonly api: Api,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  /** Starts a server and waits until it is ready. `DATA_DIR` is a new directory unless given. */
  static async start(environment: Environment = {}): Promise<Conch> {
    const directory = temporaryDirectory('data');
    const process = launch({ DATA_DIR: directory.path, ...environment }, directory.path);
    const url = await eventually(
      'the server says where it listens',
      async () => {
        if (!process.isRunning) {
          await directory.remove();
          throw new Error(`the server ended at its start:\n${process.logs}`);
        }

        return /API +(http:\S+)\/api\n/.exec(process.logs)?.[1];
      },
      START_TIMEOUT_MS,
    );
    const conch = new Conch(process, url, new Api(url), directory.remove);
    await eventually('the server is ready', async () => (await conch.api.get('/health/ready')).status === 200);

    return conch;
  }

  /** Runs a server that is expected not to start. @returns what it said, and its exit status */
  static async startInVain(environment: Environment): Promise<{ status: number | NodeJS.Signals; logs: string }> {
    const directory = temporaryDirectory('data');
    const process = launch({ DATA_DIR: directory.path, ...environment }, directory.path);
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

export const startConch = (environment?: Environment): Promise<Conch> => Conch.start(environment);

/** Path of a compiled program. @throws when it was not built */
export function entryOf(name: string): string {
  const entry = join(DIST, name);
  if (!existsSync(entry)) throw new Error(`${entry} does not exist: run "npm run build" first, or set CONCH_DIST`);

  return entry;
}

function launch(environment: Environment, directory: string): Watched {
  const entry = entryOf('src/main.js');
  const defaults: Environment = {
    ...{ PORT: '0', SEEDS_DIR: resolve('seeds'), SHUTDOWN_GRACE_SECONDS: '0' },
    // Not the Docker of the developer.
    EXECUTOR_MANAGER: 'off',
  };
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ...defaults, ...environment };

  // Its working directory is its own, so that no `.env` of the developer reaches it.
  return new Watched(spawn(process.execPath, [entry], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] }));
}
