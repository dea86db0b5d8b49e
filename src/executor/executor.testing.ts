import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { env } from 'node:process';
import { ExecutorDesk } from '../../test/support/executors/executor-desk.js';
import { ClaudeCodeEngine } from './engines/claude-code/claude-code.engine.js';
import { Executor } from './executor.js';
import { Log } from './log.js';

const FAKE_CLAUDE = resolve('src/executor/engines/claude-code/__fixtures__/fake-claude.mjs');

/** An executor with a program that plays Claude Code, and a stand-in for the API. */
export class ExecutorBench {
  logs = '';
  private readonly running: Promise<void>[] = [];
  private readonly executors: Executor[] = [];

  private constructor(
    readonly desk: ExecutorDesk,
    readonly directory: string,
  ) {}

  static async start(): Promise<ExecutorBench> {
    return new ExecutorBench(await ExecutorDesk.start(), mkdtempSync(join(tmpdir(), 'conch-executor-')));
  }

  /** Starts an executor on the same workspace; the ones before go on. */
  executor(options: { endPatienceMs?: number } = {}): Executor {
    const log = new Log((line) => (this.logs += line));
    const shared = { workspace: join(this.directory, 'workspace'), env: { PATH: env['PATH'], HOME: this.directory } };
    const engineOf = () => new ClaudeCodeEngine(FAKE_CLAUDE);
    const executor = new Executor('conch-task-7', { ...shared, engineOf, ...options }, log);
    this.executors.push(executor);
    this.running.push(executor.run());

    return executor;
  }

  /** A line as a manager writes it. */
  line(subtaskId: number, prompt: string, more: object = {}): string {
    return JSON.stringify({
      ...{ subtask_id: subtaskId, task_id: 7, task_title: 'A task', prompt, mode: 'solo', auth_token: this.desk.token },
      bot: [botOf({})],
      conch: { api_url: this.desk.url, executor_name: 'conch-task-7' },
      ...more,
    });
  }

  async stop(): Promise<void> {
    for (const executor of this.executors) executor.stop();
    await this.desk.close();
    await Promise.all(this.running);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A bot as it is handed over. */
export function botOf(more: object): object {
  return {
    ...{ id: 3, name: 'coder', shell_type: 'ClaudeCode', system_prompt: '', mcp_servers: {}, skills: [], role: '' },
    agent_config: { env: { model: 'claude', model_id: 'claude-x', api_key: 'sk-secret-of-the-model' } },
    ...more,
  };
}
