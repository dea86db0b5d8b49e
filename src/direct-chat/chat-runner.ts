import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/app-error.js';
import type { ProviderEvent } from '../common/chat-event.js';
import { CHAT_PROVIDERS, type ChatProvider } from '../common/chat-provider.js';
import { isDatabaseDown } from '../infra/database/database-errors.js';
import { isTerminal } from '../tasks/task-status.js';
import { type Answer, TurnsService } from '../tasks/turns.service.js';
import type { ChatRun } from './chat-run.js';
import { EarlyAnswer } from './early-answer.js';
import { RunEnding } from './run-ending.js';
import { type RunPlan, RunPlans } from './run-plan.js';
import type { RunHandle } from './run-registry.js';
import { RunStreams } from './run-streams.js';

/** An answer whose workers die this often is not tried again. */
const MAX_ATTEMPTS = 5;
/** How long an answer waits for the database before it is given up. */
const DATABASE_PATIENCE_MS = 60_000;

/** The database learns of a run a moment after its start, so that the first token need not wait for that. */
const REPORT_RUNNING_MS = 20;

export type RunOutcome = 'ended' | 'handover';

/** Produces one answer: from taking over its stream to its end in log and database. */
@Injectable()
export class ChatRunner {
  private readonly logger = new Logger('ChatRunner');
  private readonly providers: ReadonlyMap<string, ChatProvider>;

  constructor(
    private readonly plans: RunPlans,
    private readonly turns: TurnsService,
    private readonly ending: RunEnding,
    private readonly streams: RunStreams,
    @Inject(CHAT_PROVIDERS) providers: readonly ChatProvider[],
  ) {
    this.providers = new Map(providers.map((provider) => [provider.shellType, provider]));
  }

  /** Shell types whose bots can chat directly. */
  get shellTypes(): string[] {
    return [...this.providers.keys()];
  }

  /** @throws when Redis or the database fail in a way that another attempt of the job may mend */
  async run(handle: RunHandle): Promise<RunOutcome> {
    const { subtaskId } = handle;
    const plan = this.plans.take(subtaskId);
    // Asked while the stream is taken over: its first words are what the caller waits for.
    const early = plan && this.askEarly(plan, handle);
    const begun = await this.beginOrDrop(handle, early);
    if (begun.epoch === 0) return 'ended';
    const run = this.streams.open(handle, begun);
    try {
      if (plan && begun.epoch === 1) return await this.produce(handle, run, plan, 1, early);
      const answer = await this.load(handle);
      if (!answer) return await this.ending.drop(run);
      if (isTerminal(answer.subtask.status)) return await this.ending.replay(run, answer.subtask);
      const attempt = Math.max(begun.epoch, answer.subtask.status === 'RUNNING' ? 2 : 1);

      return await this.attempt(handle, run, answer, attempt);
    } catch (error) {
      return await this.ending.fail(handle, run, error);
    } finally {
      run.close();
    }
  }

  private askEarly(plan: RunPlan, handle: RunHandle): EarlyAnswer {
    return new EarlyAnswer(() => this.ask(plan, handle.controller.signal));
  }

  private async ask(plan: RunPlan, signal: AbortSignal): Promise<AsyncIterable<readonly ProviderEvent[]>> {
    const provider = this.providers.get(plan.shellType);
    if (!provider)
      throw new AppError('direct_chat_not_supported', `Nothing here answers for bots of shell ${plan.shellType}`);

    return provider.stream(await this.plans.toRequest(plan), signal);
  }

  /** Takes the stream over. An answer that was asked for in vain is let go. */
  private async beginOrDrop(handle: RunHandle, early: EarlyAnswer | null) {
    try {
      const begun = await this.streams.begin(handle.subtaskId);
      if (begun.epoch === 0) handle.stop({ kind: 'fenced' });
      // Another worker was here before: the run goes on, and asks again when it has read what that one left.
      if (begun.epoch !== 1) void early?.return();

      return begun;
    } catch (error) {
      handle.stop({ kind: 'fenced' });
      void early?.return();
      throw error;
    }
  }

  private async attempt(handle: RunHandle, run: ChatRun, answer: Answer, attempt: number): Promise<RunOutcome> {
    if (attempt > 1) run.restore(await this.streams.text(run.subtaskId));
    if (answer.task.status === 'CANCELLING') handle.stop({ kind: 'cancel', at: Date.now() });
    handle.controller.signal.throwIfAborted();
    if (attempt > MAX_ATTEMPTS) {
      throw new AppError('worker_lost', `Given up after ${MAX_ATTEMPTS} attempts: every worker was lost`, {
        retryable: true,
      });
    }
    const plan = await this.plans.load(answer);

    return this.produce(handle, run, plan, attempt);
  }

  private async produce(
    handle: RunHandle,
    run: ChatRun,
    plan: RunPlan,
    attempt: number,
    early: EarlyAnswer | null = null,
  ): Promise<RunOutcome> {
    const { taskId, subtaskId, shellType, model } = plan;
    const { signal } = handle.controller;
    run.plan = plan;
    this.logger.log(`task ${taskId} subtask ${subtaskId}: run started, attempt ${attempt}, model ${model.name}`);
    if (attempt > 1) run.reset(attempt, 'worker_lost');
    run.emit(
      [{ type: 'start', task_id: taskId, subtask_id: subtaskId, attempt, shell_type: shellType, model: model.name }],
      false,
    );
    const report = setTimeout(() => this.ending.reportRunning(subtaskId), REPORT_RUNNING_MS);
    try {
      for await (const events of early ?? (await this.ask(plan, signal))) run.accept(events);
    } finally {
      clearTimeout(report);
    }
    signal.throwIfAborted();

    return this.ending.done(run);
  }

  /** Reads the answer's row, waiting for a database that is away. */
  private async load({ subtaskId, controller }: RunHandle): Promise<Answer | null> {
    for (const end = Date.now() + DATABASE_PATIENCE_MS; ;) {
      try {
        return await this.turns.find(subtaskId);
      } catch (error) {
        if (!isDatabaseDown(error) || Date.now() > end) throw error;
        await sleep(1000, undefined, { signal: controller.signal });
      }
    }
  }
}
