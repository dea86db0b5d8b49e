import { BullModule, InjectQueue } from '@nestjs/bullmq';
import { Injectable, Module } from '@nestjs/common';
import { type Job, Queue, UnrecoverableError } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../database/database-errors.js';
import { MaintenanceTasks } from './maintenance-tasks.js';
import { QueueProcessor } from './queue-processor.js';
import { QueueWorkers } from './queue-workers.js';

export const MAINTENANCE = 'maintenance';

const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: 30 } as const;
/** Queues of earlier releases whose repeating jobs are tasks of this queue now. */
const RETIRED_QUEUES = ['chat-maintenance', 'executor-leases'];

/** Runs the maintenance tasks of all features, independent of each other. */
@Injectable()
export class MaintenanceProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    @InjectQueue(MAINTENANCE) private readonly queue: Queue,
    private readonly tasks: MaintenanceTasks,
    private readonly config: AppConfig,
  ) {
    super(workers, MAINTENANCE);
  }

  override async onApplicationBootstrap(): Promise<void> {
    await super.onApplicationBootstrap();
    // All tasks may run at the same time.
    if (this.worker) this.worker.concurrency = Math.max(this.tasks.all().length, 1);
  }

  async process(job: Job<unknown>): Promise<void> {
    const task = this.tasks.get(job.name);
    if (!task) throw new UnrecoverableError(`no such maintenance task: ${job.name}`);
    if (await this.isRunning(job)) return;
    await task.run();
  }

  protected override async beforeStart(): Promise<void> {
    await Promise.all(RETIRED_QUEUES.map((name) => this.removeRetired(name)));
    for (const { name, everyMs } of this.tasks.all()) {
      const every = Math.min(everyMs, this.config.queues.maintenanceMs);
      await this.queue.upsertJobScheduler(name, { every }, { name, opts: JOB_OPTIONS });
    }
  }

  /** Returns whether another run of the same task is active, here or in another process: this one is skipped then. */
  private async isRunning({ id, name }: Job): Promise<boolean> {
    const active = await this.queue.getActive();

    return active.some((other) => other.name === name && other.id !== id);
  }

  private async removeRetired(name: string): Promise<void> {
    const queue = new Queue(name, { ...this.queue.opts, skipMetasUpdate: true });
    queue.on('error', () => undefined);
    try {
      if ((await queue.getJobSchedulersCount()) > 0) await queue.obliterate({ force: true });
    } catch (error) {
      // Another process that starts may be removing it, too.
      this.log.warn(`queue ${name} of an earlier release is not removed: ${logLine(error)}`);
    } finally {
      await queue.close();
    }
  }
}

/** Runs the tasks in `MaintenanceTasks`. Imported after all features: their own bootstrap comes first. */
@Module({ imports: [BullModule.registerQueue({ name: MAINTENANCE })], providers: [MaintenanceProcessor] })
export class MaintenanceModule {}
