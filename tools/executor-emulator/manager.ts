// The executor manager: asks for work, starts an executor for each subtask, cancels and deletes them.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from './backend.js';
import { Executor } from './executor.js';
import type { Journal } from './journal.js';
import { type Behaviour, parseScript, type Script, withoutDirectives } from './script.js';
import type { DispatchedSubtask } from './wire.js';

const MAX_PER_POLL = 10;
const MAX_TEXT = 300;

/** How the manager works. */
export interface ManagerOptions {
  /** For prompts without a directive. */
  behaviour: Behaviour;
  /** Executors that run at a time. */
  limit: number;
  types: readonly ('online' | 'offline')[];
  wegent: boolean;
}

/** What the manager's load call shows. */
export interface Load {
  status: 'success';
  task_ids: number[];
  containers: { task_id: string; subtask_id: string; container_name: string }[];
  running: number;
  total: number;
}

/** All executors of one manager. */
export class Manager {
  /** By name, as containers are. */
  readonly executors = new Map<string, Executor>();
  private readonly offers = new Map<number, number>();
  private readonly runs = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly backend: Backend,
    private readonly journal: Journal,
    private readonly options: ManagerOptions,
  ) {}

  /** Asks once for new tasks, and for the next steps of pipelines whose containers are there. */
  async poll(): Promise<void> {
    for (const type of this.options.types) {
      const free = Math.min(MAX_PER_POLL, this.options.limit - this.counted().length);
      if (free > 0) this.startAll(await this.backend.dispatch({ task_status: 'PENDING', limit: String(free), type }));
    }
    const pipelines = this.waitingPipelines();
    for (let at = 0; at < pipelines.length; at += MAX_PER_POLL) {
      const ids = pipelines.slice(at, at + MAX_PER_POLL).join(',');
      this.startAll(await this.backend.dispatch({ task_status: 'PENDING', task_ids: ids }));
    }
  }

  /** The executor that works on a task, if any. */
  runningOn(taskId: number): Executor | undefined {
    return this.running().find(({ subtask }) => subtask.task_id === taskId);
  }

  /** Removes a container, with whatever runs in it. @returns false when there is none of that name */
  remove(name: string): boolean {
    this.executors.get(name)?.kill();
    return this.executors.delete(name);
  }

  load(): Load {
    const counted = this.counted();
    return {
      status: 'success',
      task_ids: [...new Set(counted.map(({ subtask }) => subtask.task_id))],
      containers: this.living().map(({ name, subtask }) => ({
        ...{ task_id: String(subtask.task_id), subtask_id: String(subtask.subtask_id), container_name: name },
      })),
      running: counted.length,
      total: this.executors.size,
    };
  }

  /** What a call about one executor gets; null from a manager like Wegent's, which has no such call. */
  stateOf(name: string): { status: 'running' | 'gone'; task_id: number | null } | null {
    if (this.options.wegent) return null;
    const executor = this.living().find((one) => one.name === name);
    return { status: executor ? 'running' : 'gone', task_id: executor?.subtask.task_id ?? null };
  }

  /** Kills all executors and waits until nothing of them is under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const executor of this.executors.values()) executor.kill();
    await Promise.all(this.runs);
  }

  private living(): Executor[] {
    return [...this.executors.values()].filter(({ state }) => state !== 'dead');
  }

  /** Wegent's manager counts all containers that live, whether they work or wait. */
  private counted(): Executor[] {
    return this.options.wegent ? this.living() : this.running();
  }

  private running(): Executor[] {
    return [...this.executors.values()].filter(({ state }) => state === 'running');
  }

  private waitingPipelines(): number[] {
    const idle = [...this.executors.values()].filter(({ state, subtask }) => {
      return state === 'idle' && subtask.mode === 'pipeline' && subtask.subtask_next_id !== null;
    });
    const busy = new Set(this.running().map(({ subtask }) => subtask.task_id));
    return [...new Set(idle.map(({ subtask }) => subtask.task_id))].filter((id) => !busy.has(id));
  }

  private startAll(subtasks: readonly DispatchedSubtask[]): void {
    for (const subtask of subtasks) {
      const run = this.start(subtask).catch((error: unknown) => this.journal.log(`emulator: ${String(error)}`));
      this.runs.add(run);
      void run.finally(() => this.runs.delete(run));
    }
  }

  private async start(subtask: DispatchedSubtask): Promise<void> {
    const kept = subtask.executor_name ?? '';
    const name = kept || nameOf(subtask);
    const read = this.scriptOf(subtask);
    const script = 'problem' in read ? null : read;
    const wegent = this.options.wegent;
    const assignment = {
      // Wegent's executors report to their manager.
      subtask: wegent ? { ...subtask, auth_token: undefined } : subtask,
      script: script ?? parseScript('', '', 'fails'),
      text: textOf(subtask, script),
      wegent,
    };
    const executor = new Executor(name, assignment, this.backend);
    if (wegent && this.cannotStart(kept, name)) return executor.fail(undefined);
    if (kept === '') await this.pull(assignment.script.start);
    if (this.stopping.signal.aborted) return;
    this.executors.set(name, executor);
    if ('problem' in read) await executor.fail(read.problem);
    else await executor.run();
  }

  /** Wegent's manager has no way out when a kept container is gone, nor when Docker has one of the name already. */
  private cannotStart(kept: string, name: string): boolean {
    return kept === '' ? this.executors.has(name) : (this.executors.get(kept)?.state ?? 'dead') === 'dead';
  }

  private async pull(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  private scriptOf({ subtask_id, bot, prompt }: DispatchedSubtask): Script | { problem: string } {
    const offer = (this.offers.get(subtask_id) ?? 0) + 1;
    this.offers.set(subtask_id, offer);
    const [first] = bot;
    try {
      const text = `${first?.system_prompt ?? ''}\n${prompt}`;
      const script = parseScript(text, first?.name ?? '', this.options.behaviour);
      return offer > script.times ? { ...script, behaviour: 'well-behaved' } : script;
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** The name that Wegent's manager gives to a container. */
function nameOf({ user, task_id, subtask_id }: DispatchedSubtask): string {
  const digest = createHash('sha1').update(`${user.name}-${task_id}-${subtask_id}`).digest('hex');
  return `wegent-task-${user.name.slice(0, 10)}-${digest.slice(0, 15)}`;
}

/** The literal text of the script; else the bot's name and what it was asked, so that a hand-over can be seen. */
function textOf({ bot, prompt }: DispatchedSubtask, script: Script | null): string {
  return script?.text ?? `${bot[0]?.name ?? 'executor'}: ${withoutDirectives(prompt).slice(0, MAX_TEXT)}`;
}
