import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { isTerminal } from '../../tasks/task-status.js';
import { ExecutorDeletions } from '../lifecycle/executor-deletions.js';
import { resultProblems } from './executor-report.js';
import type { ExecutorReportDto, ReportReceiptDto } from './executor-reports.dto.js';
import { type ReceivedReport, ReportIntake } from './report-intake.js';

/** Answers reports of executors: checked, queued, and only then acknowledged. */
@Injectable()
export class ExecutorReportsService {
  private readonly maxResultBytes: number;

  constructor(
    private readonly intake: ReportIntake,
    private readonly deletions: ExecutorDeletions,
    { executors }: AppConfig,
  ) {
    this.maxResultBytes = executors.maxResultBytes;
  }

  /** @throws AppError not_found, validation_failed, payload_too_large; service_unavailable when it could not be queued */
  async receive(report: ExecutorReportDto): Promise<ReportReceiptDto> {
    this.check(report);
    const received = await this.intake.receive(report);
    if (!received) throw notFound(`Subtask ${report.subtask_id}`);
    if (isTerminal(received.update.status) || received.reason === 'terminal') await this.deleteContainers(received);

    return receiptOf(received);
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

  /** Containers that are needed no longer: those of a deleted task, and with the end of one that wants it so. */
  private async deleteContainers({ report, subtask }: ReceivedReport): Promise<void> {
    const { taskId, taskStatus, autoDelete } = subtask;
    const name = report.executor_name;
    if (taskStatus === 'DELETE' && name) await this.deletions.deleteExecutor(name);
    else if (autoDelete) await this.deletions.afterEnd(taskId);
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
