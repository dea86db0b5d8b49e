import { Injectable, Logger } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../common/app-error.js';
import type { DifyRun } from '../../common/dify.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import type { Answer } from '../../tasks/turns/turns.service.js';
import type { ChatRun } from './chat-run.js';
import type { EarlyAnswer } from './early-answer.js';
import { HandedOver } from '../plan/handed-over.js';
import { PipelineSteps } from './pipeline-steps.js';
import { ProviderCalls } from './provider-calls.js';
import { RunFinalizer } from './run-finalizer.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';
import type { RunHandle } from './active-runs.js';
import type { RunOutcome } from './run-outcome.js';
import { RunStreams } from './run-streams.js';
import { TurnLoader } from './turn-loader.js';
import { ProviderRuns } from './provider-runs.js';
import { RunningStatusBatcher } from './running-status-batcher.js';
import { hasStarted } from '../stream/stream-text.js';

/** An answer whose workers die this often is not tried again. */
const MAX_ATTEMPTS = 5;

/** How a step is answered. */
interface StepAttempt {
  attempt: number;
  /** Asked for already. */
  early?: EarlyAnswer | null;
  /** What an earlier attempt has left at the app. */
  known?: DifyRun | null;
  /** Whether what was shown of the answer stays. */
  joins?: boolean;
}

/** What an attempt finds of those before it. */
interface PreviousAttempts {
  turn: AnswerTurn;
  current: Answer['subtask'];
  /** Whether the stream shows the step that is to be answered. */
  isShown: boolean;
}

/** Produces the answer of one turn, or of each of its steps: from taking over its stream to its end in log and database. */
@Injectable()
export class ChatRunner {
  private readonly logger = new Logger(ChatRunner.name);

  constructor(
    private readonly plans: RunPlans,
    private readonly handedOver: HandedOver,
    private readonly providers: ProviderCalls,
    private readonly turns: TurnLoader,
    private readonly steps: PipelineSteps,
    private readonly ending: RunFinalizer,
    private readonly streams: RunStreams,
    private readonly upstreams: ProviderRuns,
    private readonly begun: RunningStatusBatcher,
  ) {}

  /** @throws when Redis or the database fail in a way that another attempt of the job may mend */
  async run(handle: RunHandle): Promise<RunOutcome> {
    const { subtaskId } = handle;
    const plan = this.handedOver.take(subtaskId);
    if (plan) this.steps.hold(handle, plan.later);
    // Asked while the stream is taken over: its first words are what the caller waits for. An app is not: what it has
    // begun is paid, even when another worker has the stream.
    const early = plan && !plan.dify ? this.providers.askEarly(plan, handle.controller.signal) : null;
    if (early) await nextTurn();
    const begun = await this.beginOrDrop(handle, early);
    if (begun.epoch === 0) return 'ended';
    const run = this.streams.open(handle, begun);
    try {
      if (plan && begun.epoch === 1) return await this.produce(handle, run, plan, { attempt: 1, early });

      return await this.goOn(handle, run);
    } catch (error) {
      return await this.ending.fail(handle, run, error);
    } finally {
      run.close();
    }
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

  /** Goes on from what the database has: another process stored the turn, or another worker was lost with it. */
  private async goOn(handle: RunHandle, run: ChatRun): Promise<RunOutcome> {
    const turn = await this.turns.load(run.subtaskId, handle.controller.signal);
    if (!turn) return this.ending.drop(run);
    const { current, steps } = turn;
    if (!current) return this.ending.replay(run, turn.deciding);
    this.steps.hold(
      handle,
      steps.slice(1).map(({ id }) => id),
    );
    run.enter(current.id);
    const isFirst = run.epoch === 1 && !turn.hasBegun;
    const isShown = !isFirst && (await this.restore(run));
    if (turn.task.status === 'CANCELLING') {
      handle.stop({ kind: 'cancel', at: Date.now() });
      run.upstream = await this.upstreams.stopLeft(turn);
    }
    handle.controller.signal.throwIfAborted();
    if (isFirst) return this.produce(handle, run, await this.plans.load(turn, current), { attempt: 1 });

    return this.again(handle, run, { turn, current, isShown });
  }

  /** @returns whether clients have seen the beginning of the step */
  private async restore(run: ChatRun): Promise<boolean> {
    const text = await this.streams.text(run.subtaskId);

    return run.restore(text) && hasStarted(text);
  }

  /** Another attempt. @throws AppError worker_lost when there were too many */
  private async again(
    handle: RunHandle,
    run: ChatRun,
    { turn, current, isShown }: PreviousAttempts,
  ): Promise<RunOutcome> {
    const known = current.upstreamRun;
    const leaves = known?.leaves ?? 0;
    const attempt = Math.max(run.epoch - leaves, leaves > 0 ? 1 : 2);
    if (attempt > MAX_ATTEMPTS) {
      throw new AppError('worker_lost', `Given up after ${MAX_ATTEMPTS} attempts: every worker was lost`, {
        retryable: true,
      });
    }
    const plan = await this.plans.load(turn, current);
    run.known = await this.steps.answered(turn, attempt);
    // An app that goes on without us is joined: what it has done so far is neither done nor paid again.
    const joins = isShown && known?.runId !== undefined;
    if (!joins) run.reset(attempt, 'worker_lost', run.known);

    return this.produce(handle, run, plan, { attempt, known, joins });
  }

  /** Answers the step of a plan and those that follow. */
  private async produce(handle: RunHandle, run: ChatRun, first: RunPlan, way: StepAttempt): Promise<RunOutcome> {
    await this.answer(handle, run, first, way);
    for (let plan = first; run.leaveUntil === null && plan.later.length > 0;) {
      const next = await this.steps.advance(handle, run, plan);
      if (!next) return 'ended';
      await this.answer(handle, run, next, { attempt: way.attempt });
      plan = next;
    }

    return run.leaveUntil === null ? this.ending.done(run) : this.ending.leave(run, run.leaveUntil);
  }

  private async answer(handle: RunHandle, run: ChatRun, plan: RunPlan, way: StepAttempt): Promise<void> {
    const { taskId, subtaskId, label } = plan;
    const { attempt, early, known, joins } = way;
    const how = joins ? 'joined' : 'started';
    this.logger.log(`task ${taskId} subtask ${subtaskId}: run ${how}, attempt ${attempt}, model ${label}`);
    if (joins) run.goOn(plan, attempt);
    else run.begin(plan, attempt);
    const upstream = this.upstreams.of(plan, known);
    if (upstream) run.connect(upstream);
    this.begun.add(subtaskId);
    try {
      for await (const events of early ?? (await this.providers.ask(plan, handle.controller.signal, upstream)))
        run.accept(events);
      // The run waits for a person, which may take days: it is not over.
      if (run.leaveUntil !== null) await this.begun.flush();
    } finally {
      this.begun.forget(subtaskId);
    }
    handle.controller.signal.throwIfAborted();
  }
}
