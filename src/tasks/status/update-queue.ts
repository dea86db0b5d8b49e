import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Batcher } from '../../common/async/batcher.js';
import { within } from '../../common/async/within.js';
import { jsonLengthOf } from '../../common/text/json.js';
import { TASK_UPDATES, type TaskUpdate, type TaskUpdates, UPDATE_JOB_OPTIONS } from '../tasks.jobs.js';

/** More of them in one statement would hold the event loop for too long where the database is the embedded one. */
const MAX_UPDATES = 25;
/** Characters of JSON in one job; a larger report has a job of its own. */
const MAX_LENGTH = 1_048_576;
const ADD_TIMEOUT_MS = 1_000;

/**
 * Queues reports, few jobs for many: a report is queued at once, and what arrives until Redis has confirmed it makes up
 * the next job.
 */
@Injectable()
export class UpdateQueue {
  // What waits behind a queue that does not answer has waited, too: its callers decide what to do instead.
  private readonly batcher = new Batcher<TaskUpdate>(
    { maxItems: MAX_UPDATES, size: { max: MAX_LENGTH, of: jsonLengthOf }, rejectsWaiting: true },
    (updates) => this.addJob(updates),
  );
  private lastOrder = 0;

  constructor(@InjectQueue(TASK_UPDATES) private readonly queue: Queue<TaskUpdates>) {}

  /** Resolves once all of them are durably queued, in their order. @throws when Redis is away or silent for a second */
  async add(updates: readonly TaskUpdate[]): Promise<void> {
    await this.batcher.addEach(updates.map((update) => this.inOrder(update)));
  }

  /**
   * Numbers a report as it arrives. The clock, not the queue's job ids: those start again at 1 when Redis has lost its
   * data, and every later report of a running executor would count as an old one. Within a process the numbers grow
   * strictly; between processes they are as exact as their clocks, and an executor waits for one reply before the next.
   */
  private inOrder(update: TaskUpdate): TaskUpdate {
    if (!update.report) return update;
    this.lastOrder = Math.max(this.lastOrder + 1, Date.now() * 1000);

    return { ...update, report: { ...update.report, order: this.lastOrder } };
  }

  private async addJob(updates: readonly TaskUpdate[]): Promise<never[]> {
    const added = this.queue.add('updates', { updates: [...updates] }, UPDATE_JOB_OPTIONS);
    await within(ADD_TIMEOUT_MS, 'the queue does not answer', added);

    return [];
  }
}
