import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { within } from '../../common/within.js';
import { TASK_UPDATES, type TaskUpdate, type TaskUpdates, UPDATE_JOB_OPTIONS } from '../tasks.jobs.js';

/** More of them in one statement would hold the event loop for too long where the database is the embedded one. */
const MAX_UPDATES = 25;
/** Characters of JSON in one job; a larger report has a job of its own. */
const MAX_LENGTH = 1_048_576;
const ADD_TIMEOUT_MS = 1_000;

interface Waiting {
  update: TaskUpdate;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/**
 * Puts reports into the queue, few jobs for many: a report goes at once, and what arrives until Redis has confirmed it
 * makes up the next job.
 */
@Injectable()
export class UpdateQueue {
  private readonly waiting: Waiting[] = [];
  private isSending = false;
  private lastOrder = 0;

  constructor(@InjectQueue(TASK_UPDATES) private readonly queue: Queue<TaskUpdates>) {}

  /** Resolves once all of them are durably queued, in their order. @throws when Redis is away or silent for a second */
  async add(updates: readonly TaskUpdate[]): Promise<void> {
    const added = updates.map(
      (update) =>
        new Promise<void>((resolve, reject) => {
          this.waiting.push({ update: this.inOrder(update), resolve, reject });
        }),
    );
    void this.sendAll();
    await Promise.all(added);
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

  private async sendAll(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    while (this.waiting.length > 0) await this.send(takeJob(this.waiting));
    this.isSending = false;
  }

  /** Never throws: each report is told for itself. */
  private async send(batch: Waiting[]): Promise<void> {
    try {
      const updates = batch.map(({ update }) => update);
      await within(
        ADD_TIMEOUT_MS,
        'the queue does not answer',
        this.queue.add('updates', { updates }, UPDATE_JOB_OPTIONS),
      );
      for (const { resolve } of batch) resolve();
    } catch (error) {
      // What waits behind a queue that does not answer has waited, too: its callers decide what to do instead.
      for (const { reject } of [...batch, ...this.waiting.splice(0)]) reject(error);
    }
  }
}

/** Takes from the front what fits into one job: at least one. */
function takeJob(waiting: Waiting[]): Waiting[] {
  let count = 1;
  if (waiting.length > 1) {
    for (let length = lengthOf(waiting[0]); count < Math.min(waiting.length, MAX_UPDATES); count += 1) {
      length += lengthOf(waiting[count]);
      if (length > MAX_LENGTH) break;
    }
  }

  return waiting.splice(0, count);
}

const lengthOf = (waiting: Waiting | undefined) => JSON.stringify(waiting?.update).length;
