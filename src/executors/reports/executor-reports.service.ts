import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { AppError, notFound } from '../../common/app-error.js';
import { Batcher } from '../../common/async/batcher.js';
import { AppConfig } from '../../config/app-config.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import { isRepair } from '../../tasks/status/classify-report.js';
import { isTerminal, LEASE_IS_FRESH } from '../../tasks/task-status.js';
import type { TaskUpdate } from '../../tasks/tasks.jobs.js';
import { ExecutorDeletions } from '../lifecycle/executor-deletions.js';
import { orUnavailable } from '../or-unavailable.js';
import { type ExecutorSubtask, SubtasksRepository } from '../subtasks.repository.js';
import { reasonToIgnore, resultProblems, toTaskUpdate } from './executor-report.js';
import type { ExecutorReportDto, IgnoredReason, ReportReceiptDto } from './executor-reports.dto.js';
import { type KnownReport, ReportDedupCache } from './report-dedup-cache.js';

/** Reports of one batch. */
const MAX_TOGETHER = 25;

const reportsTotal = new Counter({
  name: 'conch_executor_reports_total',
  help: 'Reports of executors by what became of them on arrival',
  labelNames: ['outcome'],
});

/** A report on a subtask that exists. */
interface ReceivedReport {
  report: ExecutorReportDto;
  subtask: ExecutorSubtask;
  update: TaskUpdate;
  /** Why it changes nothing and is not queued. */
  reason: IgnoredReason | null;
}

/**
 * Receives reports of executors: checked, queued, and only then acknowledged. Those that arrive while others are
 * processed are a batch, which shares one lookup in the database, one job and one lookup in Redis.
 */
@Injectable()
export class ExecutorReportsService {
  private readonly batches: Batcher<ExecutorReportDto, ReceivedReport | null>;

  constructor(
    private readonly repository: SubtasksRepository,
    private readonly updates: TaskUpdatesService,
    private readonly dedup: ReportDedupCache,
    private readonly deletions: ExecutorDeletions,
    private readonly config: AppConfig,
  ) {
    this.batches = new Batcher({ maxItems: MAX_TOGETHER, delayMs: 0 }, (reports) => this.receiveAll(reports));
  }

  /**
   * Resolves when the report is durably queued, or of no use.
   * @param bodyBytes of the request, as announced
   * @throws AppError not_found, validation_failed, payload_too_large; service_unavailable when it could not be queued
   */
  async receive(report: ExecutorReportDto, bodyBytes = Infinity): Promise<ReportReceiptDto> {
    this.check(report, bodyBytes);
    const [received] = await this.batches.add([report]);
    if (!received) throw notFound(`Subtask ${report.subtask_id}`);
    if (isTerminal(received.update.status) || received.reason === 'terminal') await this.deleteContainers(received);

    return receiptOf(received);
  }

  private check({ result }: ExecutorReportDto, bodyBytes: number): void {
    if (!result) return;
    const { maxResultBytes } = this.config.executors;
    const problems = resultProblems(result);
    if (problems.length > 0) throw invalid(problems);
    // Counting the bytes of some megabytes would block the event loop for 30 ms.
    if (bodyBytes <= maxResultBytes) return;
    const bytes = Buffer.byteLength(JSON.stringify(result));
    if (bytes <= maxResultBytes) return;
    throw new AppError('payload_too_large', `The result has ${bytes} bytes; at most ${maxResultBytes} are possible`);
  }

  /**
   * Containers that are needed no longer: those of a deleted task, those that work on after a cancel that did not reach
   * them, and those of a task that wants it so. One whose failure is presumed may still complete its work.
   */
  private async deleteContainers({ report, subtask, update }: ReceivedReport): Promise<void> {
    const { taskId, taskStatus, autoDelete, status, isPresumed } = subtask;
    const name = report.executor_name || subtask.executorName;
    const isLate = status === 'CANCELLED' && isPresumed && update.status === 'RUNNING';
    if (taskStatus === 'DELETE' && name) await this.deletions.deleteExecutor(name);
    else if (isLate) await this.deletions.afterLateReport(taskId, name);
    else if (autoDelete && !update.isPresumed) await this.deletions.afterEnd(taskId);
  }

  private async receiveAll(reports: readonly ExecutorReportDto[]): Promise<(ReceivedReport | null)[]> {
    const subtasks = await this.repository.findAll(reports.map((report) => report.subtask_id));
    const received = reports.map((report): ReceivedReport | null => {
      const subtask = subtasks.get(report.subtask_id);

      return subtask ? { report, subtask, update: toTaskUpdate(report, subtask.offers), reason: null } : null;
    });
    const known = received.filter((one) => one !== null);
    await this.classify(known);
    await this.enqueue(known.filter(({ reason }) => reason === null));
    for (const one of received) reportsTotal.inc({ outcome: one ? (one.reason ?? 'queued') : 'unknown' });

    return received;
  }

  /** Finds the reasons to ignore. The processor decides again: more reports may be on their way to it. */
  private async classify(received: readonly ReceivedReport[]): Promise<void> {
    const remembered = received.filter(isRemembered);
    const known = await orUnavailable('report', this.dedup.read(remembered.map(toDedupEntry)));
    for (const one of received.filter(hasEnded)) one.reason = 'terminal';
    for (const [index, one] of remembered.entries()) {
      const report = known[index];
      if (report) one.reason = reasonOf(one, report);
    }
  }

  private async enqueue(received: readonly ReceivedReport[]): Promise<void> {
    if (received.length === 0) return;
    const used = received.filter(({ subtask }) => !this.isFresh(subtask)).map(({ subtask }) => subtask.id);
    if (used.length > 0) await this.repository.extendLeases(used, this.config.executors);
    await orUnavailable('report', this.updates.enqueueAll(received.map(({ update }) => update)));
    // Not waited for: it leaves in the same turn of the event loop as the reply, and a repetition comes after that.
    void this.dedup.remember(received.filter(isRemembered).map(toDedupEntry));
  }

  private isFresh({ leaseExpiresAt, executorBeats }: ExecutorSubtask): boolean {
    const { leaseSeconds, silentLeaseSeconds } = this.config.executors;
    const seconds = executorBeats ? leaseSeconds : silentLeaseSeconds;

    return (leaseExpiresAt?.getTime() ?? 0) > Date.now() + seconds * 1000 * LEASE_IS_FRESH;
  }
}

function receiptOf({ subtask, update, reason }: ReceivedReport): ReportReceiptDto {
  const { id, taskId, status, progress } = subtask;
  const ids = { subtask_id: id, task_id: taskId };
  if (reason) return { ...ids, status, progress, message: `Report ignored: ${reason}`, ignored: reason };

  return {
    ...ids,
    status: update.status,
    progress: Math.max(progress, update.progress ?? 0),
    message: 'Report queued',
  };
}

const hasEnded = ({ subtask, update }: ReceivedReport) =>
  (isTerminal(subtask.status) || subtask.status === 'DELETE') && !isRepair(subtask, update);
const toDedupEntry = ({ report, subtask }: ReceivedReport) => ({ report, attempt: subtask.offers });

/** Wegent's reports, without number and id, can only be late; then they are remembered when executors were given up before. */
function isRemembered(received: ReceivedReport): boolean {
  const { report, subtask } = received;
  const isPlain = report.seq == null && report.event_id == null;

  return !isPlain || (subtask.offers > 1 && !hasEnded(received));
}

function reasonOf(received: ReceivedReport, known: KnownReport): IgnoredReason | null {
  const { offers, reportSeq } = received.subtask;
  const seqs = [reportSeq, known.newestSeq].filter((seq) => seq !== null);

  return reasonToIgnore(received.report, {
    ended: hasEnded(received),
    newestSeq: seqs.length > 0 ? Math.max(...seqs) : null,
    isKnownEvent: known.isKnownEvent,
    // An executor that keeps its name over the turns of a task may be replaced; one that was given up may not return.
    executorName: offers < 2 ? '' : known.executorName,
  });
}
