/** A process of the bench: started, asked over IPC, and ended by its own handle. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const START_TIMEOUT_MS = 300_000;

export interface ChildOptions {
  args?: string[];
  nodeArgs?: string[];
  env?: NodeJS.ProcessEnv;
}

interface Reply {
  id: number;
  answer: unknown;
}

/** A started child. Its first line with an address tells that it is ready. */
export class Child {
  private asked = 0;
  private readonly waiting = new Map<number, (answer: unknown) => void>();

  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {
    process.on('message', ({ id, answer }: Reply) => {
      this.waiting.get(id)?.(answer);
      this.waiting.delete(id);
    });
  }

  /** @throws when it ends, or prints no address within a minute */
  static async start(file: string, { args = [], nodeArgs = [], env }: ChildOptions = {}): Promise<Child> {
    const child = fork(file, args, {
      execArgv: nodeArgs,
      env: { ...process.env, ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });

    return new Child(child, await addressOf(child, file));
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** @param message must be such that the child answers with `{id, answer}` */
  ask<T>(message: object): Promise<T> {
    const id = (this.asked += 1);
    this.process.send({ ...message, id });

    return new Promise((resolve) => this.waiting.set(id, resolve as (answer: unknown) => void));
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
  }
}

function addressOf(child: ChildProcess, file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`${file} did not start:\n${output}`)), START_TIMEOUT_MS);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < 10_000) output += text;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`${file} ended with status ${code}:\n${output}`)));
  });
}
