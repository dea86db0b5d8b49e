import type { ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Everything that a process has written, and its end. */
export class Watched {
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
  async end(signal: NodeJS.Signals, patience = 20_000): Promise<number | NodeJS.Signals> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), patience);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });

  return port;
}

/** A new directory, and how to get rid of it. */
export function temporaryDirectory(name: string): { path: string; remove: () => Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), `conch-${name}-`));

  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The element at `index`, from the end when it is negative. @throws when there is none */
export function nth<T>(list: readonly T[], index: number): T {
  const element = list.at(index);
  if (element === undefined) throw new Error(`there is no element ${index} among ${list.length}`);

  return element;
}

/** Polls until `check` gives something; fails with `what` after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  for (const end = Date.now() + timeoutMs; ;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(25);
  }
}
