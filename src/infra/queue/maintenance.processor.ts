import { BullModule, InjectQueue } from '@nestjs/bullmq';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type Job, Queue, UnrecoverableError } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../database/database-errors.js';
import { RedisClients } from '../redis/redis-clients.js';
import { type MaintenanceTask, MaintenanceTasks } from './maintenance-tasks.js';
import { QueueProcessor } from './queue-processor.js';
import { QueueWorkers } from './queue-workers.js';

export const MAINTENANCE = 'maintenance';

const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: 30 } as const;
/** How often a worker looks whether the schedules exist: they are in Redis, and gone when it loses its data. */
const ENSURE_MS = 30_000;
/** Queues of earlier releases whose repeating jobs are tasks of this queue now. */
const RETIRED_QUEUES = ['chat-maintenance', 'executor-leases'];

/** Runs the maintenance tasks of all features, independent of each other. */
@Injectable()
export class MaintenanceProcessor extends QueueProcessor implements OnApplicationShutdown {
  private ensuring: NodeJS.Timeout | undefined;
  private readonly ensure = () => void this.ensureSchedules();

  constructor(
    workers: QueueWorkers,
    @InjectQueue(MAINTENANCE) private readonly queue: Queue,
    private readonly tasks: MaintenanceTasks,
    private readonly config: AppConfig,
    private readonly redis: RedisClients,
  ) {
    super(workers, MAINTENANCE);
  }

  override async onApplicationBootstrap(): Promise<void> {
    await super.onApplicationBootstrap();
    // All tasks may run at the same time.
    if (!this.worker) return;
    this.worker.concurrency = Math.max(this.tasks.all().length, 1);
    this.ensuring = setInterval(this.ensure, Math.min(ENSURE_MS, this.config.queues.maintenanceMs)).unref();
    this.redis.commands.on('ready', this.ensure);
  }

  onApplicationShutdown(): void {
    clearInterval(this.ensuring);
    this.redis.commands.off('ready', this.ensure);
  }

  async process(job: Job<unknown>): Promise<void> {
    const task = this.tasks.get(job.name);
    if (!task) throw new UnrecoverableError(`no such maintenance task: ${job.name}`);
    if (await this.isRunning(job)) return;
    await task.run();
  }

  protected override async beforeStart(): Promise<void> {
    await Promise.all(RETIRED_QUEUES.map((name) => this.removeRetired(name)));
    for (const task of this.tasks.all()) await this.schedule(task);
  }

  private async schedule({ name, everyMs }: MaintenanceTask): Promise<void> {
    const every = Math.min(everyMs, this.config.queues.maintenanceMs);
    await this.queue.upsertJobScheduler(name, { every }, { name, opts: JOB_OPTIONS });
  }

  /** Restores the schedules that Redis has lost. Never throws: it is tried again. */
  private async ensureSchedules(): Promise<void> {
    try {
      const known = new Set((await this.queue.getJobSchedulers()).map(({ key }) => key));
      const lost = this.tasks.all().filter(({ name }) => !known.has(name));
      for (const task of lost) await this.schedule(task);
      if (lost.length > 0) this.log.warn(`Redis has lost ${lost.length} schedule(s) of maintenance; restored`);
    } catch (error) {
      this.log.debug(`schedules are not checked: ${logLine(error)}`);
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
