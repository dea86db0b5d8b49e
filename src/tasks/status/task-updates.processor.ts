import { Injectable } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { MAX_ID } from '../../common/fields.js';
import { isJsonObject } from '../../common/text/json.js';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { TERMINAL } from '../task-status.js';
import { TASK_UPDATES, type TaskUpdate, UPDATE_BACKOFF } from '../tasks.jobs.js';
import { TaskUpdatesService } from './task-updates.service.js';

/** Jobs at a time: their reports share transactions, which follow each other. */
const CONCURRENCY = 20;

const STATUSES: readonly unknown[] = ['RUNNING', ...TERMINAL];
const TEXTS_OF_REPORT = ['eventId', 'executorName', 'executorNamespace', 'taskTitle', 'subtaskTitle'] as const;

/** Applies the reports that were queued. However often a worker is lost, a report is kept: it was acknowledged. */
@Injectable()
export class TaskUpdatesProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    private readonly updates: TaskUpdatesService,
  ) {
    super(workers, TASK_UPDATES, { concurrency: CONCURRENCY, backoff: UPDATE_BACKOFF });
  }

  async process(job: Job<unknown>): Promise<void> {
    const { updates, malformed } = readPayload(job.data, job.timestamp);
    if (updates.length === 0) throw new UnrecoverableError(`no task updates: job ${job.id}`);
    if (malformed > 0) this.log.error(`job ${job.id}: ${malformed} of its entries are no task updates; dropped`);
    await this.updates.apply(updates, job.attemptsStarted > 1);
  }
}

/** What a job of the queue brought. */
export interface Payload {
  updates: TaskUpdate[];
  /** How many of its entries are no updates. */
  malformed: number;
}

/**
 * Reads the data of a job, also of one that an older release has queued, which holds a single update.
 * @param queuedAt milliseconds since the epoch; stands in for the place of reports that came without one
 */
export function readPayload(data: unknown, queuedAt: number): Payload {
  const entries = isJsonObject(data) && Array.isArray(data['updates']) ? (data['updates'] as unknown[]) : [data];
  const updates = entries.filter(isTaskUpdate);

  return {
    updates: updates.map((update, place) => ordered(update, queuedAt * 1000 + place)),
    malformed: entries.length - updates.length,
  };
}

function ordered(update: TaskUpdate, order: number): TaskUpdate {
  return update.report && update.report.order === undefined
    ? { ...update, report: { ...update.report, order } }
    : update;
}

/** Whether a value is a report that can be stored as it is. */
export function isTaskUpdate(data: unknown): data is TaskUpdate {
  if (!isJsonObject(data)) return false;
  const { subtaskId, status, progress, result, errorMessage, isPresumed, terminal, report } = data;

  return (
    isWhole(subtaskId, 1, MAX_ID) &&
    STATUSES.includes(status) &&
    orMissing(progress, (value) => isWhole(value, 0, 100)) &&
    orMissing(result, isJsonObject) &&
    orMissing(errorMessage, isText) &&
    orMissing(isPresumed, isBoolean) &&
    orMissing(terminal, (end) => isJsonObject(end) && isJsonObject(end['event']) && isWhole(end['seq'], 0, MAX_ID)) &&
    orMissing(report, isReport)
  );
}

function isReport(report: unknown): boolean {
  return (
    isJsonObject(report) &&
    orMissing(report['seq'], isSafe) &&
    orMissing(report['order'], isSafe) &&
    TEXTS_OF_REPORT.every((name) => orMissing(report[name], isText))
  );
}

const orMissing = (value: unknown, check: (value: unknown) => boolean) => value === undefined || check(value);
const isText = (value: unknown) => typeof value === 'string';
const isBoolean = (value: unknown) => typeof value === 'boolean';
const isSafe = (value: unknown) => Number.isSafeInteger(value);

function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
