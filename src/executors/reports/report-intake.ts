import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { Batcher } from '../../common/batcher.js';
import { AppConfig } from '../../config/app-config.js';
import { LEASE_IS_FRESH } from '../../tasks/lease.js';
import { isTerminal } from '../../tasks/task-status.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import type { TaskUpdate } from '../../tasks/tasks.jobs.js';
import { reportsTotal } from '../executor-metrics.js';
import { reasonToIgnore, toTaskUpdate } from './executor-report.js';
import type { ExecutorReportDto, IgnoredReason } from './executor-reports.dto.js';
import { ReportDedupCache, type KnownReport } from './report-dedup-cache.js';
import { type ExecutorSubtask, SubtasksRepository } from '../subtasks.repository.js';

/** Reports of one batch. */
const MAX_TOGETHER = 25;
const RETRY_AFTER_SECONDS = 2;

/** A report on a subtask that there is. */
export interface ReceivedReport {
  report: ExecutorReportDto;
  subtask: ExecutorSubtask;
  update: TaskUpdate;
  /** Why it changes nothing and is not queued. */
  reason: IgnoredReason | null;
}

/**
 * Receives reports of executors in batches: those that arrive while others are processed share one lookup in the
 * database, one job and one lookup in Redis. A report that arrives alone is processed at once.
 */
@Injectable()
export class ReportIntake {
  private readonly leaseSeconds: number;
  private readonly arrivals: Batcher<ExecutorReportDto, ReceivedReport | null>;

  constructor(
    private readonly repository: SubtasksRepository,
    private readonly updates: TaskUpdatesService,
    private readonly dedup: ReportDedupCache,
    { executors }: AppConfig,
  ) {
    this.leaseSeconds = executors.leaseSeconds;
    this.arrivals = new Batcher({ maxItems: MAX_TOGETHER, delayMs: 0 }, (reports) => this.receiveAll(reports));
  }

  /**
   * Resolves when the report is queued for good, or of no use; null when there is no such subtask.
   * @throws AppError service_unavailable when it could not be queued
   */
  async receive(report: ExecutorReportDto): Promise<ReceivedReport | null> {
    const [arrival = null] = await this.arrivals.add([report]);

    return arrival;
  }

  private async receiveAll(reports: readonly ExecutorReportDto[]): Promise<(ReceivedReport | null)[]> {
    const subtasks = await this.repository.findAll(reports.map((report) => report.subtask_id));
    const arrivals = reports.map((report): ReceivedReport | null => {
      const subtask = subtasks.get(report.subtask_id);

      return subtask ? { report, subtask, update: toTaskUpdate(report, subtask.offers), reason: null } : null;
    });
    const known = arrivals.filter((arrival) => arrival !== null);
    await this.classify(known);
    await this.queue(known.filter(({ reason }) => reason === null));
    for (const arrival of arrivals) reportsTotal.inc({ outcome: arrival ? (arrival.reason ?? 'queued') : 'unknown' });

    return arrivals;
  }

  /** Finds the reasons to ignore. The processor decides again: more reports may be on their way to it. */
  private async classify(arrivals: readonly ReceivedReport[]): Promise<void> {
    const remembered = arrivals.filter(isRemembered);
    const known = await orUnavailable(this.dedup.read(remembered.map(toDedupEntry)));
    for (const arrival of arrivals.filter(hasEnded)) arrival.reason = 'terminal';
    for (const [index, arrival] of remembered.entries()) {
      const report = known[index];
      if (report) arrival.reason = reasonOf(arrival, report);
    }
  }

  private async queue(arrivals: readonly ReceivedReport[]): Promise<void> {
    if (arrivals.length === 0) return;
    const isFreshFrom = Date.now() + this.leaseSeconds * 1000 * LEASE_IS_FRESH;
    const used = arrivals.filter(({ subtask }) => (subtask.leaseExpiresAt?.getTime() ?? 0) <= isFreshFrom);
    if (used.length > 0) {
      const ids = used.map(({ subtask }) => subtask.id);
      await this.repository.extendLeases(ids, this.leaseSeconds);
    }
    await orUnavailable(this.updates.enqueueAll(arrivals.map(({ update }) => update)));
    // Not waited for: it leaves in the same turn of the event loop as the reply, and a repetition comes after that.
    void this.dedup.remember(arrivals.filter(isRemembered).map(toDedupEntry));
  }
}

const hasEnded = ({ subtask: { status } }: ReceivedReport) => isTerminal(status) || status === 'DELETE';
const toDedupEntry = ({ report, subtask }: ReceivedReport) => ({ report, offer: subtask.offers });

/** Reports without number and name (Wegent's) can only come too late; so can those of executors that were given up. */
function isRemembered(arrival: ReceivedReport): boolean {
  const { report, subtask } = arrival;
  const isPlain = report.seq == null && report.event_id == null;

  return !isPlain || (subtask.offers > 1 && !hasEnded(arrival));
}

function reasonOf(arrival: ReceivedReport, known: KnownReport): IgnoredReason | null {
  const { offers, reportSeq } = arrival.subtask;
  const seqs = [reportSeq, known.newestSeq].filter((seq) => seq !== null);

  return reasonToIgnore(arrival.report, {
    ended: hasEnded(arrival),
    newestSeq: seqs.length > 0 ? Math.max(...seqs) : null,
    isKnownEvent: known.isKnownEvent,
    // An executor that keeps its name over the turns of a task may be replaced; one that was given up may not return.
    executorName: offers < 2 ? '' : known.executorName,
  });
}

/** @throws AppError service_unavailable in place of what Redis throws: the executor tries again */
async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new AppError('service_unavailable', 'The queue does not answer: send the report again', {
      ...{ cause, retryable: true, retryAfter: RETRY_AFTER_SECONDS },
    });
  }
}
