import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { withinOr } from '../../common/async/within.js';
import { AppConfig } from '../../config/app-config.js';
import { ContainerRuntime } from '../runtime/container-runtime.js';
import { ExecutorContainers } from './executor-containers.js';
import { ExecutorProgram, ProgramMissing } from './executor-program.js';
import { ExecutorRunner } from './executor-runner.js';
import { TaskApi } from './task-api.js';
import { Backoff } from './until-delivered.js';

/** After trouble of the engine others may be able to do the work. */
const PAUSE_MS = 5_000;
/** A reply without work that comes sooner did not wait for any. */
const EARLY_MS = 1_000;
/** Limit of the shutdown, for an API or an engine that does not answer. */
const STOP_MS = 10_000;

/** Claims work for the free slots of this manager, as long as it runs. */
@Injectable()
export class WorkLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(WorkLoop.name);
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff();
  private running: Promise<void> = Promise.resolve();
  private problem = '';

  constructor(
    private readonly config: AppConfig,
    private readonly api: TaskApi,
    private readonly runtime: ContainerRuntime,
    private readonly program: ExecutorProgram,
    private readonly containers: ExecutorContainers,
    private readonly runner: ExecutorRunner,
  ) {}

  onApplicationBootstrap(): void {
    const reason = this.reasonNotToWork();
    if (reason === null) this.running = this.run();
    else this.log.log(`no executors are started: ${reason}`);
  }

  /** Claims nothing more, and gives back what no executor has yet. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await withinOr(STOP_MS, undefined, Promise.allSettled([this.running, this.runner.stop()]));
    this.containers.close();
  }

  private reasonNotToWork(): string | null {
    const { manager, auth, executors } = this.config;
    if (manager.executors.maxConcurrent === 0) return 'MAX_CONCURRENT_TASKS is 0';
    if (executors.managerUrl !== undefined) return 'EXECUTOR_MANAGER_URL names the manager that does';

    // In the network of the machine containers would pass for managers, which need no token there.
    return auth.mode === 'jwt' && !auth.internalToken && this.containers.network === 'host'
      ? 'set INTERNAL_API_TOKEN, without which executors in the network of this machine could claim work of other users'
      : null;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    if (!(await this.begin(signal))) return;
    while (!signal.aborted) await this.attempt(() => this.claim(signal), signal);
  }

  /** Fills the volume with the program, and finds what an earlier process has begun. @returns false when that makes no sense */
  private async begin(signal: AbortSignal): Promise<boolean> {
    let isReady = false;
    while (!isReady && !signal.aborted) {
      try {
        await this.program.volume();
        await this.adopt();
        isReady = true;
        await this.program.removeOld();
      } catch (error) {
        if (error instanceof ProgramMissing) {
          this.log.error(`no executors are started: ${error.message}`);

          return false;
        }
        await this.pause(error, signal);
      }
    }
    const { maxConcurrent, image } = this.config.manager.executors;
    const { network, apiUrl } = this.containers;
    this.log.log(
      `executors: ${maxConcurrent} at a time, image ${image ?? 'of their shell'}, API ${apiUrl} (${network})`,
    );

    return isReady;
  }

  /** Finds the subtasks of this manager's executors. Those without a container are given back by the supervisor. */
  private async adopt(): Promise<void> {
    for (const { taskId, subtaskId, executorName } of await this.api.states([], this.containers.names.suffix)) {
      if (subtaskId !== null) this.runner.adopt({ taskId, subtaskId, executorName, authToken: null });
    }
  }

  private async claim(signal: AbortSignal): Promise<void> {
    if (Date.now() - this.runner.troubleAt < PAUSE_MS) await sleep(PAUSE_MS, undefined, { signal });
    await this.untilFree(signal);
    await this.runtime.ping();
    const askedAt = Date.now();
    const claimed = await this.api.claim(this.runner.free, signal);
    for (const work of claimed) this.runner.start(work);
    // An API that does not wait, or is stopping.
    const isEarly = claimed.length === 0 && Date.now() - askedAt < EARLY_MS;
    if (isEarly) await sleep(EARLY_MS, undefined, { signal });
  }

  private async attempt(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
      this.backoff.reset();
      if (this.problem !== '') this.log.log('work is claimed again');
      this.problem = '';
    } catch (error) {
      await this.pause(error, signal);
    }
  }

  private async pause(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { message } = error as Error;
    if (message !== this.problem) this.log.warn(`no work is claimed: ${message}; trying again`);
    this.problem = message;
    await sleep(this.backoff.next(), undefined, { signal }).catch(() => undefined);
  }

  private async untilFree(signal: AbortSignal): Promise<void> {
    while (this.runner.free <= 0) {
      await new Promise<void>((resolve) => {
        this.runner.onFree = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      signal.throwIfAborted();
    }
  }
}
