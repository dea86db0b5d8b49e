import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type BackoffStrategy, type Job, Worker } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { QUEUE_PREFIX } from '../redis/keys.js';
import { RedisClients } from '../redis/redis-clients.js';

/** What differs from queue to queue. */
export interface WorkerSettings {
  /** Jobs at a time in this process; 1 by default. */
  concurrency?: number;
  /** Computes the delay before the next attempt of a job that failed, see `cappedBackoff`. */
  backoff?: BackoffStrategy;
}

/** Processes one job. Throws when the job failed. */
export type Process = (job: Job<unknown>, token?: string) => Promise<unknown>;

/** Jobs of lost workers are always given to another one. */
const MAX_STALLED = 1_000_000;
/** Delay before a worker fetches again after an outage of Redis; the library's 15 s would keep users waiting. */
const RETRY_MS = 1_000;

/**
 * Creates the workers of this process, and closes them when it stops: running jobs are finished, no new ones fetched.
 * All have the same lock: a lost worker is noticed once its lock has run out and the next check has come, after at most
 * `WORKER_LOCK_MS` + `WORKER_STALLED_CHECK_MS`.
 */
@Injectable()
export class QueueWorkers implements OnApplicationShutdown {
  private readonly workers: Worker[] = [];

  constructor(
    private readonly redis: RedisClients,
    private readonly config: AppConfig,
  ) {}

  /** Whether this process works on queues: it has the role `worker`. */
  get isEnabled(): boolean {
    return this.config.roles.has('worker');
  }

  /** Creates a worker, which fetches nothing before its `run()`. */
  create(queueName: string, process: Process, { concurrency = 1, backoff }: WorkerSettings): Worker {
    const { lockMs, stalledCheckMs } = this.config.queues;
    const worker = new Worker<unknown>(queueName, process, {
      connection: this.redis.queues,
      prefix: QUEUE_PREFIX,
      autorun: false,
      concurrency,
      lockDuration: lockMs,
      lockRenewTime: lockMs / 3,
      stalledInterval: stalledCheckMs,
      maxStalledCount: MAX_STALLED,
      runRetryDelay: RETRY_MS,
      ...(backoff && { settings: { backoffStrategy: backoff } }),
    });
    this.workers.push(worker);

    return worker;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }
}
