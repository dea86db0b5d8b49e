import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { DifyRun } from '../../common/contracts/dify.js';
import { type AnswerTurn, isByExecutor, type SubtaskRow } from '../../tasks/turns/answer-turn.js';
import type { ChatRun } from './chat-run.js';
import { PipelineSteps } from './pipeline-steps.js';
import { readPatiently } from './read-patiently.js';
import { ProviderCalls } from './provider-calls.js';
import { RunFinalizer } from './run-finalizer.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';
import type { RunHandle, RunOutcome } from './active-runs.js';
import { RunStreams } from './run-streams.js';
import { TurnLoader } from './turn-loader.js';
import { ProviderRuns } from './provider-runs.js';
import { RunningStatusBatcher } from './running-status-batcher.js';
import { EMPTY_TEXT, hasStarted } from '../../answer-stream/log/stream-text.js';

/** Attempts after which an answer fails when its workers die. */
const MAX_ATTEMPTS = 5;

/** One attempt at the answer of a step. */
interface StepAttempt {
  attempt: number;
  /** The run at the app that an earlier attempt has stored. */
  known?: DifyRun | null;
  /** Whether the app's run is joined, which keeps the text that was shown. */
  joins?: boolean;
}

/** State that earlier attempts have stored. */
interface PreviousAttempts {
  turn: AnswerTurn;
  current: SubtaskRow;
  /** Whether the stream shows the step that is to be answered. */
  isShown: boolean;
}

/** Whether a run begins a turn, goes on with it behind executors, or repeats another run. */
type Beginning = 'new' | 'next' | 'again';

/** Produces the answers of one turn, from the ownership of its stream to its end in log and database. */
@Injectable()
export class ChatRunner {
  private readonly logger = new Logger(ChatRunner.name);

  constructor(
    private readonly plans: RunPlans,
    private readonly providers: ProviderCalls,
    private readonly turns: TurnLoader,
    private readonly steps: PipelineSteps,
    private readonly finalizer: RunFinalizer,
    private readonly streams: RunStreams,
    private readonly providerRuns: ProviderRuns,
    private readonly runningStatus: RunningStatusBatcher,
  ) {}

  /**
   * Becomes the owner of the stream and produces the answer to its end.
   * @param isRecovered an earlier attempt may have shown text that neither log nor database knows
   * @throws when Redis or the database fail: the job is tried again
   */
  async run(handle: RunHandle, isRecovered = false): Promise<RunOutcome> {
    const run = await this.streams.open(handle);
    if (typeof run === 'string') return run;
    try {
      return await this.produce(handle, run, isRecovered);
    } catch (error) {
      return await this.finalizer.fail(handle, run, error);
    } finally {
      run.close();
    }
  }

  /** Continues from the state in database and stream, which is empty for a first attempt. */
  private async produce(handle: RunHandle, run: ChatRun, isRecovered: boolean): Promise<RunOutcome> {
    const { signal } = handle.controller;
    const turn = await this.turns.load(run.subtaskId, signal);
    if (!turn) return this.finalizer.endDeleted(run);
    const { current, steps } = turn;
    if (!current) return this.finalizer.replay(run, turn.deciding);
    if (isByExecutor(current)) return this.pass(run);
    this.steps.register(
      handle,
      steps.slice(1).map(({ id }) => id),
    );
    run.enter(current.id);
    const beginning = beginningOf(run, turn, isRecovered);
    const text = beginning === 'new' ? EMPTY_TEXT : await this.streams.text(run.subtaskId);
    const isShown = run.restore(text) && hasStarted(text);
    if (turn.task.status === 'CANCELLING') {
      handle.stop({ kind: 'cancel', at: Date.now() });
      run.upstream = await this.providerRuns.stopAbandoned(turn);
    }
    signal.throwIfAborted();
    const plan = await readPatiently(() => this.plans.load(turn, current), signal);
    // Executors report whole results, too, which the stream need not show yet.
    if (beginning === 'next') run.show(await this.steps.answered(turn, 1, text));
    const step = beginning === 'again' ? await this.nextAttempt(run, { turn, current, isShown }) : { attempt: 1 };

    return this.answerSteps(handle, run, plan, step);
  }

  /** Leaves the turn to executors, whose step it is. */
  private async pass(run: ChatRun): Promise<'passed'> {
    await this.streams.leave(run);

    return 'passed';
  }

  /** Prepares another attempt. @throws AppError worker_lost when there were too many */
  private async nextAttempt(run: ChatRun, { turn, current, isShown }: PreviousAttempts): Promise<StepAttempt> {
    const known = current.upstreamRun;
    const suspensions = known?.leaves ?? 0;
    const attempt = Math.max(run.log.attempt - suspensions, suspensions > 0 ? 1 : 2);
    if (attempt > MAX_ATTEMPTS) {
      throw new AppError('worker_lost', `Given up after ${MAX_ATTEMPTS} attempts: every worker was lost`, {
        retryable: true,
      });
    }
    run.known = await this.steps.answered(turn, attempt);
    // The app's run is joined where possible: its work so far is neither done nor paid again.
    const joins = isShown && known?.runId !== undefined;
    if (!joins) run.reset(attempt, 'worker_lost', run.known);

    return { attempt, known, joins };
  }

  /** Answers a step and those that follow. */
  private async answerSteps(
    handle: RunHandle,
    run: ChatRun,
    first: RunPlan,
    firstAttempt: StepAttempt,
  ): Promise<RunOutcome> {
    await this.answer(handle, run, first, firstAttempt);
    for (let plan = first; run.suspendedUntil === null && plan.next;) {
      const next = await this.steps.advance(handle, run, plan, plan.next);
      if (typeof next === 'string') return next;
      await this.answer(handle, run, next, { attempt: firstAttempt.attempt });
      plan = next;
    }

    return run.suspendedUntil === null ? this.finalizer.done(run) : this.finalizer.suspend(run, run.suspendedUntil);
  }

  private async answer(handle: RunHandle, run: ChatRun, plan: RunPlan, step: StepAttempt): Promise<void> {
    const { taskId, subtaskId, label } = plan;
    const { attempt, known, joins } = step;
    const { signal } = handle.controller;
    const how = joins ? 'joined' : 'started';
    this.logger.log(`task ${taskId} subtask ${subtaskId}: run ${how}, attempt ${attempt}, model ${label}`);
    if (joins) run.resume(plan, attempt);
    else run.begin(plan, attempt);
    const upstream = this.providerRuns.of(plan, known);
    if (upstream) run.connect(upstream);
    this.runningStatus.add(subtaskId);
    try {
      // Leaving the loop closes the provider.
      for await (const events of await this.providers.ask(plan, signal, upstream, run.meter))
        if (!run.accept(events)) break;
      // A suspended run has not ended, and its report is sent now.
      if (run.suspendedUntil !== null) await this.runningStatus.flush();
    } finally {
      this.runningStatus.remove(subtaskId);
    }
    signal.throwIfAborted();
  }
}

/** @param isRecovered see {@link ChatRunner.run}; a log that executors have left knows better */
function beginningOf({ log }: ChatRun, turn: AnswerTurn, isRecovered: boolean): Beginning {
  if (log.attempt > 1) return 'again';
  if (log.followsExecutors) return 'next';

  return isRecovered || turn.hasBegun ? 'again' : 'new';
}
