import { Injectable, Logger } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { withinOr } from '../../common/async/within.js';
import { AppError } from '../../common/app-error.js';
import type { CancelProof, TerminalEvent } from '../../common/contracts/chat-event.js';
import { logLine } from '../../infra/database/database-errors.js';
import type { AnswerTurn, SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { type Settled, TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import type { TaskUpdate } from '../../tasks/tasks.jobs.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { ProviderRunsService } from '../../tasks/backends/provider-runs.service.js';
import type { ChatRun } from './chat-run.js';
import type { RunPlan } from '../plan/run-plan.js';
import type { RunHandle } from './active-runs.js';
import { RunStreams } from './run-streams.js';
import { SessionHistory } from '../plan/session-history.js';
import { TaskTitles } from '../titles/task-titles.js';
import { digestOf, endOf, terminalOf } from '../../answer-stream/terminal-event.js';

/** How long the last event waits for suggestions; later ones are only stored. */
const SUGGESTIONS_PATIENCE_MS = 100;
/** How long the last event waits until the database has the end. */
const SETTLE_PATIENCE_MS = 1_000;

const ended = new Counter({
  name: 'conch_chat_runs_total',
  help: 'Ended runs by outcome',
  labelNames: ['outcome', 'code'],
});
const firstToken = new Histogram({
  name: 'conch_chat_first_token_seconds',
  help: 'From the start of a run to its first text',
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120],
});
const closing = new Histogram({
  name: 'conch_chat_cancel_seconds',
  help: 'From a cancel request to the closed socket of the provider',
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
});

/** Ends runs: stores the end in the database, the history and the log, in this order. */
@Injectable()
export class RunFinalizer {
  private readonly log = new Logger(RunFinalizer.name);

  constructor(
    private readonly updates: TaskUpdatesService,
    private readonly history: SessionHistory,
    private readonly streams: RunStreams,
    private readonly turns: TurnsService,
    private readonly providerRuns: ProviderRunsService,
    private readonly titles: TaskTitles,
  ) {}

  /** Completes an answer. */
  async done(run: ChatRun): Promise<'ended'> {
    const asked = run.upstream?.questions;
    const early = asked && (await withinOr(SUGGESTIONS_PATIENCE_MS, null, asked));
    if (early && early.length > 0) run.accept([{ type: 'suggestions', questions: [...early] }]);
    const ended = await this.finish(run, 'COMPLETED', doneOf(run));
    if (asked && !early) this.addLater(run.stepId, asked);
    if (run.plan) this.titles.offer(run.plan);

    return ended;
  }

  /** Suspends a run whose app waits for a person: it frees its place in the queue until then. */
  async suspend(run: ChatRun, suspendedUntil: number): Promise<{ suspendedUntil: number }> {
    await run.upstream?.saved();
    await this.streams.flush(run);
    this.log.log(`subtask ${run.stepId}: suspended, its app waits for a person`);

    return { suspendedUntil };
  }

  private addLater(subtaskId: number, asked: Promise<readonly string[]>): void {
    asked
      .then((questions) => (questions.length > 0 ? this.providerRuns.addSuggestions(subtaskId, questions) : undefined))
      .catch((error: unknown) => this.log.warn(`subtask ${subtaskId}: suggestions not kept: ${logLine(error)}`));
  }

  /**
   * Completes a step that others follow; the next step's `start` shows that to clients.
   * @param isPassed whether an executor gives the next one: it may write to the stream as soon as this step is stored
   */
  async stepDone(run: ChatRun, isPassed: boolean): Promise<void> {
    const end = doneOf(run);
    run.endSteps('succeeded');
    if (isPassed) await this.streams.leave(run);
    await this.settle(run, 'COMPLETED', end);
    this.log.log(`subtask ${run.stepId}: done after ${run.elapsedMs} ms, a step of subtask ${run.subtaskId}`);
  }

  /** Ends a run that was stopped or has failed. */
  async fail(handle: RunHandle, run: ChatRun, error: unknown): Promise<'ended' | 'handover'> {
    switch (handle.reason?.kind) {
      case 'fenced':
        this.log.warn(`subtask ${run.stepId}: another worker has taken over`);

        return 'ended';
      case 'handover':
        await run.upstream?.saved().catch(() => undefined);
        await this.streams.flush(run);
        this.log.log(`subtask ${run.stepId}: handed over, this process is stopping`);

        return 'handover';
      case 'cancel':
        return this.cancelled(run, proofOf(run, handle.reason.at));
      default:
        return this.failed(run, error);
    }
  }

  /** Ends a cancelled run. */
  async cancelled(run: ChatRun, proof: CancelProof): Promise<'ended'> {
    if (proof.provider_closed_ms !== undefined) closing.observe(proof.provider_closed_ms / 1000);

    return this.finish(run, 'CANCELLED', { type: 'cancelled', cancelled: true, proof, ...usageOf(run) });
  }

  /** Emits the stored end of an answer, with its whole text. */
  async replay(run: ChatRun, row: SubtaskRow): Promise<'ended'> {
    run.emit(endOf(run.subtaskId, row), true);
    await this.streams.flush(run);

    return 'ended';
  }

  /** Ends the stream of a subtask that was deleted. */
  async endDeleted(run: ChatRun): Promise<'ended'> {
    run.emit([{ type: 'cancelled', cancelled: true, proof: { while: 'queued' } }], true);
    await this.streams.flush(run);

    return 'ended';
  }

  private failed(run: ChatRun, error: unknown): Promise<'ended'> {
    const known =
      error instanceof AppError
        ? error
        : new AppError('internal', 'The answer failed for an internal reason', { cause: error, retryable: true });
    if (known.code === 'internal')
      this.log.error(`subtask ${run.stepId}: ${logLine(error)}`, error instanceof Error ? error.stack : '');
    const { code, message, retryable, providerStatus } = known;

    return this.finish(run, 'FAILED', {
      type: 'error',
      error: message,
      code,
      retryable,
      ...(providerStatus !== undefined && { provider_status: providerStatus }),
      ...usageOf(run),
    });
  }

  private async finish(run: ChatRun, status: TaskUpdate['status'], event: TerminalEvent): Promise<'ended'> {
    const settled = await this.settle(run, status, event);
    const turn = settled === 'ignored' ? await this.storedTurn(run.stepId) : null;
    if (turn?.current && turn.current.id !== run.stepId) {
      // A worker that counted as lost has completed this step: the current step is the one that ends.
      run.enter(turn.current.id);

      return this.finish(run, status, event);
    }
    const shown = turn ? terminalOf(turn.deciding) : event;
    run.end(shown);
    ended.inc({ outcome: shown.type, code: shown.type === 'error' ? shown.code : '' });
    this.log.log(
      `subtask ${run.stepId}: ${shown.type} after ${run.elapsedMs} ms${shown.type === 'error' ? ` (${shown.code}: ${shown.error})` : ''}`,
    );
    await this.streams.flush(run);

    return 'ended';
  }

  /** Stores the end of the run's step in the database, and its text in the history. */
  private async settle(run: ChatRun, status: TaskUpdate['status'], event: TerminalEvent): Promise<Settled> {
    run.endSteps(event.type === 'done' ? 'succeeded' : event.type === 'error' ? 'failed' : 'skipped');
    const errorMessage =
      event.type === 'error' ? event.error : event.type === 'cancelled' ? 'Cancelled by the user' : undefined;
    const update: TaskUpdate = {
      subtaskId: run.stepId,
      status,
      result: { ...run.result(), ...factsOf(run, event) },
      ...(errorMessage !== undefined && { errorMessage }),
      terminal: { event, seq: run.terminalSeq },
    };
    if (run.plan) await this.addToHistory(run.plan, run);

    return this.updates.settle(update, SETTLE_PATIENCE_MS);
  }

  /** Returns the turn of a subtask that another process has ended; null when it cannot be read. */
  private storedTurn(subtaskId: number): Promise<AnswerTurn | null> {
    return this.turns.turnOf(subtaskId).catch(() => null);
  }

  private async addToHistory({ taskId, questionId, messageId, prompt }: RunPlan, run: ChatRun): Promise<void> {
    await this.history.add(taskId, [
      { messageId: questionId, role: 'user', content: prompt },
      { messageId, role: 'assistant', content: run.result().value },
    ]);
  }
}

const usageOf = ({ usage }: ChatRun) => usage && { usage };

/** Returns what else is stored of an answer whose provider was asked. */
function factsOf({ plan, elapsedMs, firstTokenMs }: ChatRun, event: TerminalEvent) {
  const elapsed = event.type === 'done' ? event.elapsed_ms : elapsedMs;

  return plan && { model: plan.label, elapsed_ms: elapsed, first_token_ms: firstTokenMs };
}

function doneOf(run: ChatRun): TerminalEvent {
  if (run.firstTokenMs !== null) firstToken.observe(run.firstTokenMs / 1000);

  return {
    type: 'done',
    done: true,
    ...digestOf(run.result().value),
    finish_reason: run.finishReason,
    ...usageOf(run),
    elapsed_ms: run.elapsedMs,
    first_token_ms: run.firstTokenMs,
  };
}

/** Returns the proof of a cancel. Clocks of two machines differ: the time is never negative. */
function proofOf({ plan, upstream }: ChatRun, requestedAt: number): CancelProof {
  const stop = upstream?.stop ?? null;
  if (!plan && stop === null) return { while: 'queued' };
  const proof: CancelProof = { provider_closed_ms: Math.max(0, Date.now() - requestedAt), while: 'running' };

  return stop === null ? proof : { ...proof, dify_stop: stop };
}
