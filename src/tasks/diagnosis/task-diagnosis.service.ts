import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { found } from '../../common/app-error.js';
import { within } from '../../common/async/within.js';
import { AppConfig } from '../../config/app-config.js';
import { isTerminal } from '../task-status.js';
import { TASK_CANCELLATIONS, type TaskCancellation } from '../tasks.jobs.js';
import { TasksRepository } from '../tasks.repository.js';
import type { SubtaskRow } from '../turns/answer-turn.js';
import { AnswerBackends } from '../backends/answer-backends.js';
import { type AnswerInspection, type Findings, fromRow, ofEnded, ofUnasked, withCancel } from './findings.js';
import { hint } from './hints.js';
import { type TaskDiagnosisDto, toDiagnosisDto } from './task-diagnosis.dto.js';

/** An answer about a part that is away must not itself be waited for. */
const PATIENCE_MS = 2_000;
/** Cancels that are looked through for one task. */
const MAX_CANCELS = 1_000;

/** Says why a task is where it is. */
@Injectable()
export class TaskDiagnosisService {
  constructor(
    private readonly repository: TasksRepository,
    private readonly backends: AnswerBackends,
    @InjectQueue(TASK_CANCELLATIONS) private readonly cancellations: Queue<TaskCancellation>,
    private readonly config: AppConfig,
  ) {}

  /** @throws AppError not_found */
  async diagnose(userId: number, taskId: number): Promise<TaskDiagnosisDto> {
    const task = found(await this.repository.find(userId, taskId), `Task ${taskId}`);
    if (isTerminal(task.status)) {
      const { hints, ...findings } = ofEnded(task);

      return toDiagnosisDto(task.status, {
        ...findings,
        hints: [...hints, ...(await this.backends.hintsAfterEnd(taskId))],
      });
    }
    const [subtask] = await this.repository.unfinishedSubtasks(taskId);
    if (!subtask) {
      return toDiagnosisDto(task.status, { ...fromRow(task), hints: [hint('end_follows', {})] });
    }
    const findings = await this.inspect({ subtask, task });
    if (task.status !== 'CANCELLING') return toDiagnosisDto(task.status, findings);
    const requestedAt = await this.cancelRequestedAt(taskId);
    const { cancelDeadlineSeconds } = this.config.tasks;

    return toDiagnosisDto(task.status, withCancel(findings, requestedAt, cancelDeadlineSeconds, Date.now()));
  }

  private async inspect(inspection: AnswerInspection): Promise<Findings> {
    const backend = this.backends.find(inspection.subtask);
    if (!backend) return ofUnasked(inspection.subtask, this.config.chat.selfStartMs, Date.now());
    try {
      return await within(PATIENCE_MS, 'no answer', backend.inspect(inspection));
    } catch {
      return unreachable(inspection.subtask);
    }
  }

  /** When the newest cancel of the task was asked for; null when no queue knows. */
  private async cancelRequestedAt(taskId: number): Promise<number | null> {
    try {
      const states = ['delayed', 'waiting', 'active'] as const;
      const jobs = await within(PATIENCE_MS, 'no answer', this.cancellations.getJobs([...states], 0, MAX_CANCELS));
      const times = jobs.filter((job) => job.data.taskId === taskId).map((job) => job.data.requestedAt);

      return times.length > 0 ? Math.max(...times) : null;
    } catch {
      return null;
    }
  }
}

function unreachable(subtask: SubtaskRow): Findings {
  return { ...fromRow(subtask), hints: [hint('stores_away', {})] };
}
