import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { temporaryDirectory, Watched } from '../child.js';
import { entryOf } from '../conch.js';

/** The executor as a plain process, with a workspace of its own: what a manager runs in a container. */
export class ExecutorProcess {
  private readonly process: Watched;
  private readonly child: ChildProcess;
  private readonly directory = temporaryDirectory('executor');

  /** @param path directories of programs, in front of those of the tests */
  constructor(path: string) {
    const { PATH = '' } = process.env;
    const env = {
      ...{ PATH: `${path}:${PATH}`, HOME: this.directory.path },
      ...{ CONCH_EXECUTOR_NAME: 'conch-task', CONCH_WORKSPACE: this.workspace },
    };
    this.child = spawn(process.execPath, [entryOf('executor/executor.mjs')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.process = new Watched(this.child);
  }

  get pid(): number {
    return this.process.pid;
  }

  get workspace(): string {
    return join(this.directory.path, 'workspace');
  }

  /** What it has written: it must never hold a secret. */
  get logs(): string {
    return this.process.logs;
  }

  /** Hands over a subtask, as it was dispatched. */
  handOver(subtask: object, apiUrl: string): void {
    this.child.stdin?.write(
      `${JSON.stringify({ ...subtask, conch: { api_url: apiUrl, executor_name: 'conch-task' } })}\n`,
    );
  }

  /** Lets it end after its work. @returns its exit status */
  async finish(): Promise<number | NodeJS.Signals> {
    this.child.stdin?.write('{"conch":{"stop":true}}\n');

    return this.process.exited;
  }

  /** Ends it at once. Its workspace stays. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    return this.process.end(signal);
  }

  async stop(): Promise<void> {
    await this.process.end('SIGKILL');
    await this.directory.remove();
  }
}
