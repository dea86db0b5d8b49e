import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { ModelSettings } from '../../common/contracts/chat-provider.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { EmbeddedSimulator } from '../../infra/embedded/embedded-simulator.js';
import type { RunPlan } from '../plan/run-plan.js';
import { TASK_TITLE_OPTIONS, TASK_TITLES, taskTitleJobId, type TaskTitleJob } from './task-titles.jobs.js';

/** The last question after which a title is asked for: the third of a conversation, when earlier ones failed. */
const LAST_QUESTION_ID = 5;

/** Enqueues titles for conversations whose first answers are complete. */
@Injectable()
export class TaskTitles {
  private readonly log = new Logger(TaskTitles.name);

  constructor(
    @InjectQueue(TASK_TITLES) private readonly queue: Queue<TaskTitleJob>,
    private readonly config: AppConfig,
    private readonly simulator: EmbeddedSimulator,
  ) {}

  /** Enqueues the title of a conversation, unless it needs none. Never throws, and is not waited for. */
  offer({ taskId, subtaskId, questionId, model }: RunPlan): void {
    if (!this.config.chat.autoTitles || questionId > LAST_QUESTION_ID || !model || this.isSimulated(model)) return;
    const options = { ...TASK_TITLE_OPTIONS, jobId: taskTitleJobId(taskId) };
    this.queue.add('title', { subtaskId }, options).catch((error: unknown) => {
      this.log.warn(`task ${taskId}: no title asked for: ${logLine(error)}`);
    });
  }

  /** The simulator's words are no title. */
  private isSimulated({ baseUrl }: ModelSettings): boolean {
    const { url } = this.simulator;

    return url !== undefined && (baseUrl?.startsWith(`${url}/`) ?? false);
  }
}
