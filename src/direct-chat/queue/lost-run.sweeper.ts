import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
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
export class LostRunSweeper implements OnModuleInit {
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

  private async sweep(ageSeconds: number): Promise<void> {
    for (const { firstId } of await this.turns.staleRuns(ageSeconds, AT_A_TIME)) await this.recover(firstId);
  }

  /** `recovered`: a worker that the queue has forgotten may still run it. */
  private async recover(subtaskId: number): Promise<void> {
    const job = await this.runs.getJob(chatRunJobId(subtaskId));
    const state = await job?.getState();
    if (state === 'failed') await job?.remove();
    else if (job) return;
    if (await this.endings.report(subtaskId)) return;
    this.log.warn(`subtask ${subtaskId}: no queue knows its run; starting it again`);
    await this.queue.enqueue({ subtaskId, recovered: true });
  }
}
