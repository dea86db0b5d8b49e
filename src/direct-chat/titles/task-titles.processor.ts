import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { AppError } from '../../common/app-error.js';
import { titleFrom, withoutParams } from '../../common/text/prompt.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import { logLine } from '../../infra/database/database-errors.js';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { TasksService } from '../../tasks/tasks.service.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { RunPlans } from '../plan/run-plan.js';
import { ProviderCalls } from '../run/provider-calls.js';
import { isTaskTitleJob, TASK_TITLE_BACKOFF, TASK_TITLES } from './task-titles.jobs.js';
import { readTitle, titleRequest } from './title-request.js';

const TIMEOUT_MS = 15_000;

/** Lets the model of a conversation's first answer write its title. */
@Injectable()
export class TaskTitlesProcessor extends QueueProcessor implements BeforeApplicationShutdown {
  private readonly closing = new AbortController();

  constructor(
    workers: QueueWorkers,
    private readonly turns: TurnsService,
    private readonly tasks: TasksService,
    private readonly plans: RunPlans,
    private readonly providers: ProviderCalls,
    private readonly pseudonyms: EndUserPseudonyms,
  ) {
    super(workers, TASK_TITLES, { concurrency: 4, backoff: TASK_TITLE_BACKOFF });
  }

  /** Ends requests that run: the jobs are tried again by another process. */
  beforeApplicationShutdown(): void {
    this.closing.abort(new Error('this process is stopping'));
  }

  async process(job: Job<unknown>): Promise<void> {
    if (!isTaskTitleJob(job.data)) throw new UnrecoverableError(`not a title: job ${job.id}`);
    const turn = await this.turns.turnOf(job.data.subtaskId);
    if (turn?.current) throw new Error(`the end of subtask ${turn.current.id} is not stored yet`);
    if (!turn || turn.deciding.status !== 'COMPLETED' || !(await this.isOpen(turn))) return;
    const { id, userId } = turn.task;
    const title = await this.titleOf(turn);
    if (title !== '' && (await this.tasks.setModelTitle(userId, id, title))) this.log.log(`task ${id}: has a title`);
  }

  protected override onFailed(job: Job | undefined, error: Error): void {
    this.log.log(`${job?.id}: no title, attempt ${job?.attemptsMade}: ${logLine(error)}`);
  }

  /** Whether the title is still the beginning of the first question; of older tasks nothing else is known. */
  private async isOpen({ task }: AnswerTurn): Promise<boolean> {
    if (task.titleSource !== 'prompt' || task.status === 'DELETE') return false;
    const { prompt } = await this.turns.questionOf({ taskId: task.id, messageId: 2 });

    return task.title === titleFrom(withoutParams(prompt));
  }

  /** Asks the model. @throws what may help at another attempt */
  private async titleOf(turn: AnswerTurn): Promise<string> {
    const { deciding } = turn;
    const signal = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.closing.signal]);
    try {
      const plan = await this.plans.load(turn, deciding);
      if (!plan.model) return '';
      const { userId, taskId, subtaskId, prompt } = plan;
      const ids = { taskId, subtaskId, endUser: this.pseudonyms.of(userId) };
      const request = titleRequest(ids, plan.model, { prompt, answer: deciding.result?.value ?? '' });

      return await readTitle(this.providers.stream(plan.shellType, request, signal));
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
      throw new UnrecoverableError(error.message);
    }
  }
}
