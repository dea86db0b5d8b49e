import { InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { ignoreQueueErrors, isOutage } from '../../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../../infra/queue/worker-options.js';
import { EXECUTOR_LEASES } from './executor-leases.jobs.js';
import { LeasesService } from './leases.service.js';

const MIN_MS = 1_000;
const MAX_MS = 10_000;

/** Looks for executors that fell silent: one process at a time, whichever takes the job. */
@Processor(EXECUTOR_LEASES, WORKER_OPTIONS)
export class ExecutorLeasesProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly log = new Logger(ExecutorLeasesProcessor.name);

  constructor(
    @InjectQueue(EXECUTOR_LEASES) private readonly schedule: Queue,
    private readonly leases: LeasesService,
    private readonly config: AppConfig,
  ) {
    super();
    ignoreQueueErrors(schedule);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.has('worker')) return;
    const every = Math.min(Math.max(this.config.executors.leaseSeconds * 100, MIN_MS), MAX_MS);
    await this.schedule.upsertJobScheduler(
      'expire-leases',
      { every },
      { opts: { removeOnComplete: true, removeOnFail: 10 } },
    );
    void this.worker.run();
  }

  process(): Promise<void> {
    return this.leases.expire();
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }
}
