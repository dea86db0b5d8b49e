import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { withinOr } from '../../common/async/within.js';
import { AppConfig } from '../../config/app-config.js';
import type { ContainerInfo } from '../runtime/container-runtime.js';
import { LABELS } from '../runtime/runtime-labels.js';
import { ExecutorContainers } from './executor-containers.js';
import { ExecutorRunner } from './executor-runner.js';
import { TaskApi } from './task-api.js';

const INTERVAL_MS = 30_000;
/** Every so many sweeps the API is asked which workspaces are needed. */
const WORKSPACES_EVERY = 20;
const GRACE_SECONDS = 5;
const HOUR_MS = 3_600_000;
/** The API answers about so many tasks at once. */
const AT_A_TIME = 500;
const STOP_MS = 8_000;

/**
 * Removes containers that have been idle for too long or have ended, and the workspaces of deleted tasks. When the manager
 * stops it removes all idle ones: the next turn gets a new container with the same workspace.
 */
@Injectable()
export class IdleSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(IdleSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  constructor(
    private readonly config: AppConfig,
    private readonly api: TaskApi,
    private readonly containers: ExecutorContainers,
    private readonly runner: ExecutorRunner,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), INTERVAL_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await withinOr(
      STOP_MS,
      undefined,
      this.removeIdle(() => true),
    ).catch(() => undefined);
  }

  /** Removes what is not needed any more. Never throws. */
  async sweep(): Promise<void> {
    this.count += 1;
    try {
      await this.removeIdle((container) => this.isIdleTooLong(container));
      if (this.count % WORKSPACES_EVERY === 0) await this.removeWorkspaces();
    } catch (error) {
      this.log.warn(`containers of executors were not swept: ${(error as Error).message}`);
    }
  }

  /** Removes the workspaces, and containers, of tasks that do not need them any more. @throws */
  async removeWorkspaces(): Promise<void> {
    const ids = (await this.containers.tasksWithWorkspace()).filter((id) => !this.runner.find(id));
    for (let from = 0; from < ids.length; from += AT_A_TIME) {
      const states = await this.api.states(ids.slice(from, from + AT_A_TIME));
      for (const { taskId } of states.filter(({ keepsWorkspace }) => !keepsWorkspace)) {
        if (this.runner.find(taskId)) continue;
        await this.containers.remove(this.containers.names.executor(taskId));
        await this.containers.removeWorkspace(taskId);
        this.runner.forget(taskId);
        this.log.log(`task ${taskId}: its workspace is removed`);
      }
    }
  }

  private async removeIdle(isWanted: (container: ContainerInfo) => boolean): Promise<void> {
    const all = await this.containers.list();
    const stale = all.filter((container) => !this.isBusy(container) && (!container.isRunning || isWanted(container)));
    await Promise.all(
      stale.map(async (container) => {
        const { name, isRunning } = container;
        await this.containers.remove(name, isRunning ? GRACE_SECONDS : 0, () => !this.isBusy(container));
        this.log.log(`container ${name}: ${isRunning ? 'was idle' : 'had ended'}, removed`);
      }),
    );
  }

  private isBusy({ labels }: ContainerInfo): boolean {
    return this.runner.find(Number(labels[LABELS.task])) !== undefined;
  }

  private isIdleTooLong({ labels }: ContainerInfo): boolean {
    const { idleHours } = this.config.manager.executors;
    const hours = labels[LABELS.taskType] === 'code' ? idleHours.code : idleHours.chat;

    return Date.now() - this.runner.idleSinceOf(Number(labels[LABELS.task])) > hours * HOUR_MS;
  }
}
