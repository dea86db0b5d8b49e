import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { pollUntil } from '../../common/async/poll-until.js';
import { AppError, found, notFound } from '../../common/app-error.js';
import { DifyClient } from '../../dify/client/dify.client.js';
import { logLine } from '../../infra/database/database-errors.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { ProviderRunsService } from '../../tasks/backends/provider-runs.service.js';
import { CHAT_RUNS, chatRunJobId, type ChatRunJob } from './chat-runs.jobs.js';
import type { AppInputDto, AppInputReplyDto } from '../direct-chat.dto.js';
import { RunPlans } from '../plan/run-plan.js';

/** How long to wait until a run is suspended, to resume it; after that it resumes by its own schedule. */
const RESUME_POLL = { timeoutMs: 1_500, everyMs: 50 };

const STORE_PATIENCE_MS = 1_000;

/** Submits the answers of people to the forms of apps. */
@Injectable()
export class AppInputService {
  private readonly log = new Logger(AppInputService.name);

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly turns: TurnsService,
    private readonly plans: RunPlans,
    private readonly client: DifyClient,
    private readonly runs: ProviderRunsService,
    private readonly pseudonyms: EndUserPseudonyms,
  ) {}

  /** @throws AppError not_found, conflict when the form was answered or has expired, dify_input_invalid */
  async submit(userId: number, taskId: number, dto: AppInputDto): Promise<AppInputReplyDto> {
    const { turn, step } = await this.waitingStep(userId, taskId, dto.form_token);
    if (step.upstreamRun?.answered?.includes(dto.form_token))
      throw new AppError('conflict', 'This form was answered already');
    const connection = found(await this.plans.appOf(turn, step), 'The app of this form');
    const answer = { action: dto.action, inputs: dto.inputs ?? {} };
    await this.client.submitForm(connection, dto.form_token, answer, this.pseudonyms.of(userId));
    await this.resume(step.id, turn.first.id, dto.form_token);

    return { message: 'The answer goes on', task_id: taskId, subtask_id: step.id };
  }

  /** Returns the answer that waits for a form. A client may be faster than the run, which is still storing the form. */
  private async waitingStep(userId: number, taskId: number, token: string) {
    const missing = notFound('A waiting form with this form_token');
    const find = async () => {
      const turn = await this.turns.newestTurn(userId, taskId);
      const step = turn.current;
      if (!step) throw missing;

      return step.upstreamRun?.forms?.some((form) => form.token === token) && { turn, step };
    };
    const waiting = await pollUntil(find, { everyMs: RESUME_POLL.everyMs, timeoutMs: STORE_PATIENCE_MS });
    if (!waiting) throw missing;

    return waiting;
  }

  /** Never throws: the run resumes later by itself. */
  private async resume(subtaskId: number, runId: number, token: string): Promise<void> {
    try {
      await this.runs.addAnswered(subtaskId, token);
      await this.promoteJob(runId);
    } catch (error) {
      this.log.warn(`subtask ${subtaskId}: its run goes on later: ${logLine(error)}`);
    }
  }

  private async promoteJob(runId: number): Promise<void> {
    const promote = async () => {
      const job = await this.queue.getJob(chatRunJobId(runId));
      const state = await job?.getState();
      if (state === 'delayed') await job?.promote();

      return state !== 'active';
    };
    await pollUntil(promote, RESUME_POLL);
  }
}
