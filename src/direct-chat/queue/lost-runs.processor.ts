import { InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { ignoreQueueErrors, isOutage } from '../../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../../infra/queue/worker-options.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { CHAT_MAINTENANCE, CHAT_RUNS, chatRunJobId, type ChatRunJob } from './chat-runs.jobs.js';
import { ChatRunQueue } from './chat-run-queue.js';
import { LoggedEndRecovery } from '../run/logged-end-recovery.js';

const EVERY_MS = 15_000;
/** Younger answers may be between database and queue. */
const MIN_AGE_SECONDS = 20;
const AT_A_TIME = 500;

/**
 * Finds answers that the database waits for and no queue knows (the process died between the two writes, or Redis
 * lost its data) and starts them again, so that none is stuck.
 */
@Processor(CHAT_MAINTENANCE, WORKER_OPTIONS)
export class LostRunsProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly log = new Logger(LostRunsProcessor.name);

  constructor(
    @InjectQueue(CHAT_MAINTENANCE) private readonly schedule: Queue,
    @InjectQueue(CHAT_RUNS) private readonly runs: Queue<ChatRunJob>,
    private readonly turns: TurnsService,
    private readonly endings: LoggedEndRecovery,
    private readonly config: AppConfig,
    private readonly queue: ChatRunQueue,
  ) {
    super();
    ignoreQueueErrors(schedule);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.has('worker')) return;
    await this.schedule.upsertJobScheduler(
      'find-lost-runs',
      { every: EVERY_MS },
      { opts: { removeOnComplete: true, removeOnFail: 10 } },
    );
    // Nothing is on its way into the queue before the first request, unless another replica has sent it.
    if (this.config.isAlone) await this.mendAll(0).catch((error: unknown) => this.log.warn(logLine(error)));
    void this.worker.run();
  }

  async process(): Promise<void> {
    await this.mendAll(MIN_AGE_SECONDS);
  }

  private async mendAll(ageSeconds: number): Promise<void> {
    for (const { firstId } of await this.turns.staleRuns(ageSeconds, AT_A_TIME))
      await this.mend(firstId, ageSeconds > 0);
  }

  /** @param mayRun whether a worker that the queue has forgotten may still be at it */
  private async mend(subtaskId: number, mayRun: boolean): Promise<void> {
    const job = await this.runs.getJob(chatRunJobId(subtaskId));
    const state = await job?.getState();
    if (state === 'failed') await job?.remove();
    else if (job) return;
    if (await this.endings.report(subtaskId)) return;
    this.log.warn(`subtask ${subtaskId}: no queue knows its run; starting it again`);
    await this.queue.enqueue({ subtaskId, ...(mayRun && { recovered: true }) });
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }
}
