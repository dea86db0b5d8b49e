import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { CHAT_RUNS, chatRunJobId, type ChatRunJob } from './chat-runs.jobs.js';
import { ChatRunQueue } from './chat-run-queue.js';
import { LoggedEndRecovery } from '../run/logged-end-recovery.js';

const AT_A_TIME = 500;

/**
 * Finds answers that the database waits for and no queue knows (the process died between the two writes, or Redis
 * lost its data) and queues them again.
 */
@Injectable()
export class LostRunSweeper implements OnModuleInit, OnApplicationBootstrap {
  private readonly log = new Logger(LostRunSweeper.name);

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly runs: Queue<ChatRunJob>,
    private readonly maintenance: MaintenanceTasks,
    private readonly turns: TurnsService,
    private readonly endings: LoggedEndRecovery,
    private readonly config: AppConfig,
    private readonly queue: ChatRunQueue,
  ) {}

  onModuleInit(): void {
    // Younger answers may be between database and queue.
    const { lostRunAgeSeconds, maintenanceMs: everyMs } = this.config.queues;
    this.maintenance.register({ name: 'find-lost-runs', everyMs, run: () => this.sweep(lostRunAgeSeconds) });
  }

  /** Nothing is on its way into the queue before the first request, unless another replica has sent it. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.isAlone || !this.config.roles.has('worker')) return;
    await this.sweep(0).catch((error: unknown) => this.log.warn(logLine(error)));
  }

  private async sweep(ageSeconds: number): Promise<void> {
    for (const { firstId } of await this.turns.staleRuns(ageSeconds, AT_A_TIME))
      await this.recover(firstId, ageSeconds > 0);
  }

  /** @param mayRun whether a worker that the queue has forgotten may still be at it */
  private async recover(subtaskId: number, mayRun: boolean): Promise<void> {
    const job = await this.runs.getJob(chatRunJobId(subtaskId));
    const state = await job?.getState();
    if (state === 'failed') await job?.remove();
    else if (job) return;
    if (await this.endings.report(subtaskId)) return;
    this.log.warn(`subtask ${subtaskId}: no queue knows its run; starting it again`);
    await this.queue.add({ subtaskId, ...(mayRun && { recovered: true }) });
  }
}
