import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import { ExecutorDeletions } from './executor-deletions.js';
import { ExecutorManagerClient } from './executor-manager.client.js';
import { ExecutorsRepository } from './executors.repository.js';

/** Executors of one run; the next one finds the rest. */
const AT_A_TIME = 100;
const EVERY_MS = 60_000;

/**
 * Has executors deleted that have been without work for hours: their containers wait for a next turn that does not come.
 * Wegent's manager counts them as running, and would start no more once there are as many as it may have.
 */
@Injectable()
export class IdleExecutors implements OnModuleInit {
  private readonly log = new Logger(IdleExecutors.name);

  constructor(
    private readonly maintenance: MaintenanceTasks,
    private readonly repository: ExecutorsRepository,
    private readonly deletions: ExecutorDeletions,
    private readonly manager: ExecutorManagerClient,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    this.maintenance.register({ name: 'delete-idle-executors', everyMs: EVERY_MS, run: () => this.sweep() });
  }

  private async sweep(): Promise<void> {
    if (!this.manager.isConfigured) return;
    const names = await this.repository.idle(this.config.executors.idleHours, AT_A_TIME);
    if (names.length > 0) this.log.log(`${names.length} idle executor(s) to delete`);
    for (const name of names) await this.deletions.deleteExecutor(name);
  }
}
