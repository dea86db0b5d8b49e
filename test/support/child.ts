import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Against hanging, not a measurement: the machine may be busy. */
const PATIENCE_MS = 60_000;

/** A process that runs a server. */
export interface ServerProcess {
  readonly pid: number;
  /** Everything that it has written. */
  readonly logs: string;
  readonly isRunning: boolean;
  /** Resolves with the exit status or the signal. */
  readonly exited: Promise<number | NodeJS.Signals>;
  signal(signal: NodeJS.Signals): void;
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** Starts a program as a process of its own. */
export type Spawn = (program: string, args: string[], options: SpawnOptions) => ServerProcess;

/** Starts a program that ends with the test that started it. */
export const spawnWatched: Spawn = (program, args, options) =>
  new Watched(spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));

/** Everything that a process has written, and its end. */
export class Watched implements ServerProcess {
  logs = '';
  readonly exited: Promise<number | NodeJS.Signals>;
  isRunning = true;

  constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => (this.logs += chunk.toString('utf8')));
    child.stderr?.on('data', (chunk: Buffer) => (this.logs += chunk.toString('utf8')));
    this.exited = new Promise((resolve, reject) => {
      child.once('error', (error) => {
        this.isRunning = false;
        reject(error);
      });
      child.once('close', (code, signal) => {
        this.isRunning = false;
        resolve(code ?? signal ?? 'SIGKILL');
      });
    });
    this.exited.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal);
  }

  /** Ends the process and waits for it; after `patience` by force. @returns exit status or signal */
  async end(signal: NodeJS.Signals, patience = PATIENCE_MS): Promise<number | NodeJS.Signals> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), patience);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A process that other test files use as well, so that none of them may end it. It writes into a file. */
export class SharedProcess implements ServerProcess {
  constructor(
    readonly pid: number,
    private readonly log: string,
  ) {}

  /** Starts a program that survives the test file and the process that runs it. */
  static spawn(program: string, args: string[], options: SpawnOptions, log: string): SharedProcess {
    const file = openSync(log, 'a');
    try {
      const child = spawn(program, args, { ...options, stdio: ['ignore', file, file] });
      child.unref();
      // Without a pid it did not start, and counts as ended.
      child.once('error', () => undefined);

      return new SharedProcess(child.pid ?? Number.MAX_SAFE_INTEGER, log);
    } finally {
      closeSync(file);
    }
  }

  get logs(): string {
    return readFileSync(this.log, 'utf8');
  }

  get isRunning(): boolean {
    try {
      return process.kill(this.pid, 0);
    } catch {
      return false;
    }
  }

  get exited(): never {
    throw new Error('a shared server is not waited for');
  }

  signal(): never {
    throw new Error('a shared server takes no signals: use a stage of your own');
  }

  end(): never {
    throw new Error('a shared server is not ended by a test: use a stage of your own');
  }
}

/**
 * A port of the loopback interface that is not in use. It is below those that systems give to connections, so that none
 * of them takes it before a server listens on it, or between two runs of the server.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  const server = createServer();

  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => {
      server.close(() => resolve(true));
    });
  });
}

export interface Directory {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** In the place of one that others remove. */
export const NO_DIRECTORY: Directory = { path: '', remove: () => Promise.resolve() };

/** A new directory, and how to get rid of it. */
export function temporaryDirectory(name: string, parent = tmpdir()): Directory {
  const path = mkdtempSync(join(parent, `conch-${name}-`));

  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The element at `index`, from the end when it is negative. @throws when there is none */
export function nth<T>(list: readonly T[], index: number): T {
  const element = list.at(index);
  if (element === undefined) throw new Error(`there is no element ${index} among ${list.length}`);

  return element;
}

type Part = { stop: () => Promise<unknown> } | { close: () => Promise<unknown> };

/** Ends what a suite has started, in this order. What did not start is left out: its own error is the one to report. */
export async function endAll(...parts: readonly (Part | undefined)[]): Promise<void> {
  for (const part of parts) {
    if (part) await ('stop' in part ? part.stop() : part.close());
  }
}

/** Between two checks: short at first, because most waits are, and longer for those that cost time by themselves. */
const POLL_MS = { first: 25, most: 100 };

/** Polls until `check` gives something; fails with `what` after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (let pause = POLL_MS.first; ; pause = Math.min(pause * 1.2, POLL_MS.most)) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(pause);
  }
}
