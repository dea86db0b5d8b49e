import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import { invalid } from '../infra/http/validation.pipe.js';
import { isTerminal } from '../tasks/task-status.js';
import type { TaskUpdate } from '../tasks/tasks.jobs.js';
import { TaskUpdatesService } from '../tasks/task-updates.service.js';
import { ExecutorDeletions } from './executor-deletions.js';
import { reportsTotal } from './executor-metrics.js';
import { reasonToIgnore, resultProblems, toTaskUpdate } from './executor-report.js';
import type { ExecutorReportDto, IgnoredReason, ReportReceiptDto } from './executor-reports.dto.js';
import { ReportNotebook } from './report-notes.js';
import { type ExecutorSubtask, SubtasksRepository } from './subtasks.repository.js';

const RETRY_AFTER_SECONDS = 2;

/** Takes reports of executors: checked, queued, and only then acknowledged. */
@Injectable()
export class ExecutorReportsService {
  private readonly leaseSeconds: number;
  private readonly maxResultBytes: number;

  constructor(
    private readonly repository: SubtasksRepository,
    private readonly updates: TaskUpdatesService,
    private readonly notebook: ReportNotebook,
    private readonly deletions: ExecutorDeletions,
    { executors }: AppConfig,
  ) {
    this.leaseSeconds = executors.leaseSeconds;
    this.maxResultBytes = executors.maxResultBytes;
  }

  /** @throws AppError not_found, validation_failed, payload_too_large; service_unavailable when it could not be queued */
  async receive(report: ExecutorReportDto): Promise<ReportReceiptDto> {
    this.check(report);
    const subtask = await this.find(report.subtask_id);
    const reason = await this.reasonToIgnore(report, subtask);
    reportsTotal.inc({ outcome: reason ?? 'queued' });
    const update = toTaskUpdate(report, subtask.offers);
    if (!reason) await this.take(report, update, subtask);
    if (isTerminal(update.status) || reason === 'terminal') await this.clearAway(report, subtask);

    return receiptOf(update, subtask, reason);
  }

  private check({ result }: ExecutorReportDto): void {
    if (!result) return;
    const problems = resultProblems(result);
    if (problems.length > 0) throw invalid(problems);
    const bytes = Buffer.byteLength(JSON.stringify(result));
    if (bytes <= this.maxResultBytes) return;
    throw new AppError(
      'payload_too_large',
      `The result has ${bytes} bytes; at most ${this.maxResultBytes} are possible`,
    );
  }

  private async find(subtaskId: number): Promise<ExecutorSubtask> {
    const subtask = await this.repository.find(subtaskId);
    if (subtask) return subtask;
    reportsTotal.inc({ outcome: 'unknown' });
    throw notFound(`Subtask ${subtaskId}`);
  }

  /** Reports without number and name (Wegent's) can only come too late; so can those of executors that were given up. */
  private async reasonToIgnore(report: ExecutorReportDto, subtask: ExecutorSubtask): Promise<IgnoredReason | null> {
    const { offers, reportSeq, status } = subtask;
    const ended = isTerminal(status) || status === 'DELETE';
    const isPlain = report.seq == null && report.event_id == null;
    if (isPlain && (ended || offers < 2)) return ended ? 'terminal' : null;
    const notes = await orUnavailable(() => this.notebook.read(report, offers));
    const known = [reportSeq, notes.newestSeq].filter((seq) => seq !== null);
    const newestSeq = known.length > 0 ? Math.max(...known) : null;

    return reasonToIgnore(report, {
      ended,
      newestSeq,
      isKnownEvent: notes.isKnownEvent,
      // An executor that keeps its name over the turns of a task may be replaced; one that was given up may not return.
      executorName: offers < 2 ? '' : notes.executorName,
    });
  }

  private async take(report: ExecutorReportDto, update: TaskUpdate, subtask: ExecutorSubtask): Promise<void> {
    const { id, offers, leaseExpiresAt } = subtask;
    // Not with every report: a lease is renewed once a quarter of it is used.
    const isFresh = (leaseExpiresAt?.getTime() ?? 0) - Date.now() > this.leaseSeconds * 750;
    if (!isFresh) await this.repository.extendLease(id, this.leaseSeconds);
    await orUnavailable(() => this.updates.enqueue(update));
    const isPlain = report.seq == null && report.event_id == null;
    if (!isPlain || offers > 1) await this.notebook.note(report, offers);
  }

  /** Containers that are needed no longer: those of a deleted task, and with the end of one that wants it so. */
  private async clearAway({ executor_name: name }: ExecutorReportDto, subtask: ExecutorSubtask): Promise<void> {
    const { taskId, taskStatus, autoDelete } = subtask;
    if (taskStatus === 'DELETE' && name) await this.deletions.deleteExecutor(name);
    else if (autoDelete) await this.deletions.afterEnd(taskId);
  }
}

/** @throws AppError service_unavailable in place of what Redis throws: the executor tries again */
async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new AppError('service_unavailable', 'The queue does not answer: send the report again', {
      ...{ cause, retryable: true, retryAfter: RETRY_AFTER_SECONDS },
    });
  }
}

function receiptOf(update: TaskUpdate, subtask: ExecutorSubtask, reason: IgnoredReason | null): ReportReceiptDto {
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
