import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ExecutorContainers } from './executor-containers.js';
import type { ExecutorRun } from './executor-run.js';
import { ExecutorRunner } from './executor-runner.js';
import { TaskApi, type TaskState } from './task-api.js';

const INTERVAL_MS = 500;
/** Every so many checks containers are inspected whose connection is open. */
const INSPECT_EVERY = 4;
/** How long an executor may need to end by itself after a cancel. */
const GRACE_MS = 10_000;
/** A report of the end may be on its way when its container is gone. */
const LAST_REPORT_MS = 1_000;

/**
 * Watches the subtasks whose executors work: frees their slots when the API says that they have ended, passes cancels on,
 * and finds containers that have ended before their work. Without the API nothing is decided.
 */
@Injectable()
export class RunSupervisor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(RunSupervisor.name);
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> | null = null;
  private count = 0;
  private isApiAway = false;

  constructor(
    private readonly api: TaskApi,
    private readonly runner: ExecutorRunner,
    private readonly containers: ExecutorContainers,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.checking ??= this.check().finally(() => (this.checking = null));
    }, INTERVAL_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Checks all runs once. Never throws. */
  async check(): Promise<void> {
    const runs = this.runner.active.filter(({ state }) => state === 'working');
    if (runs.length === 0) return;
    this.count += 1;
    await Promise.all(runs.map((run) => this.inspect(run)));
    const askedAt = Date.now();
    try {
      const states = await this.api.states(runs.map(({ claim }) => claim.taskId));
      const byTask = new Map(states.map((state) => [state.taskId, state]));
      this.isApiAway = false;
      await Promise.all(runs.map((run) => this.apply(run, byTask.get(run.claim.taskId), askedAt)));
    } catch (error) {
      if (!this.isApiAway) this.log.warn(`runs were not checked: ${(error as Error).message}`);
      this.isApiAway = true;
    }
  }

  private async apply(run: ExecutorRun, state: TaskState | undefined, askedAt: number): Promise<void> {
    if (run.state !== 'working' || !state) return;
    if (!isOurs(run, state)) {
      this.runner.end(run, 'ended');

      return;
    }
    if (state.isCancelling) this.runner.cancel(state.taskId);
    try {
      if (run.deadSince !== null && askedAt - run.deadSince >= LAST_REPORT_MS) await this.runner.endDead(run);
      else if (run.cancelledAt !== null && Date.now() - run.cancelledAt >= GRACE_MS) await this.runner.kill(run);
    } catch (error) {
      this.log.warn(`${run.toString()}: ${(error as Error).message}; trying again`);
    }
  }

  /** Notes when its container has ended. */
  private async inspect(run: ExecutorRun): Promise<void> {
    const isDue = run.isDisconnected || this.count % INSPECT_EVERY === 1;
    if (run.deadSince !== null || !isDue) return;
    try {
      const state = await this.containers.state(run.claim.executorName);
      if (!state?.isRunning) run.deadSince = Date.now();
    } catch (error) {
      this.log.warn(`${run.toString()}: cannot be inspected: ${(error as Error).message}`);
    }
  }
}

/** Whether the API regards a subtask as being worked on by this executor. */
function isOurs({ claim, work }: ExecutorRun, { subtaskId, executorName }: TaskState): boolean {
  const names = ['', claim.executorName, work?.executorName];

  return subtaskId === claim.subtaskId && names.includes(executorName);
}
