import { Queue } from 'bullmq';
import { QUEUE_PREFIX } from '../../../src/infra/redis/keys.js';
import { TASK_UPDATES, type TaskUpdate, type TaskUpdates } from '../../../src/tasks/tasks.jobs.js';
import { UpdateQueue } from '../../../src/tasks/status/update-queue.js';

/** Somebody who reports to a server's queue, as another process of the installation does. */
export class UpdateSource {
  readonly queue: Queue<TaskUpdates>;
  private readonly updates: UpdateQueue;

  /** @param redis a URL, or the path of a Unix socket */
  constructor(redis: string) {
    const connection = redis.startsWith('/') ? { path: redis } : { url: redis };
    this.queue = new Queue(TASK_UPDATES, { connection, prefix: QUEUE_PREFIX });
    this.updates = new UpdateQueue(this.queue);
  }

  /** Resolves when they are queued. */
  send(...updates: TaskUpdate[]): Promise<void> {
    return this.updates.add(updates);
  }

  close(): Promise<void> {
    return this.queue.close();
  }
}
