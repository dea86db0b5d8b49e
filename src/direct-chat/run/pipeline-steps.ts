import { Injectable } from '@nestjs/common';
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import { StepLabels } from '../../executors/stream/step-labels.js';
import { type AnswerTurn, isByExecutor } from '../../tasks/turns/answer-turn.js';
import { EMPTY_TEXT, shownSubtask, type StreamText } from '../../answer-stream/log/stream-text.js';
import { answerOf, difference, eventsOfAnswer } from '../../answer-stream/stored-answer.js';
import type { ChatRun } from './chat-run.js';
import { RunFinalizer } from './run-finalizer.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';
import { type RunHandle, ActiveRuns } from './active-runs.js';
import { readPatiently } from './read-patiently.js';
import { TurnLoader } from './turn-loader.js';

/** Advances a run through the steps of a pipeline. */
@Injectable()
export class PipelineSteps {
  constructor(
    private readonly plans: RunPlans,
    private readonly labels: StepLabels,
    private readonly turns: TurnLoader,
    private readonly finalizer: RunFinalizer,
    private readonly activeRuns: ActiveRuns,
  ) {}

  /** Registers the run for its later steps, so that a cancel of any step reaches it. */
  register(handle: RunHandle, stepIds: readonly number[]): void {
    if (stepIds.length > 0) this.activeRuns.addSteps(handle, stepIds);
  }

  /**
   * Ends a step and starts the next one once the database has that end, so that no step runs without the answer of the
   * one before it.
   * @returns the next step's plan; `passed` when executors give that step, `ended` when the turn has ended meanwhile, and the
   *   stream with it
   */
  async advance(
    handle: RunHandle,
    run: ChatRun,
    { subtaskId }: RunPlan,
    after: NonNullable<RunPlan['next']>,
  ): Promise<RunPlan | 'passed' | 'ended'> {
    const { signal } = handle.controller;
    const shown = run.result();
    await this.finalizer.stepDone(run, after.isByExecutor);
    // A failure from here on ends the next step.
    run.enter(after.id);
    const turn = await this.turns.loadNextStep(after.id, signal);
    const next = turn?.step(after.id);
    if (!turn?.current || !next) {
      return turn && next ? this.finalizer.replay(run, turn.deciding) : this.finalizer.endDeleted(run);
    }
    if (isByExecutor(next)) return 'passed';
    signal.throwIfAborted();
    const stored = turn.step(subtaskId);
    // The stored text differs when a worker that counted as lost has ended this step, or some characters cannot be stored.
    if (stored?.result && stored.result.value !== shown.value) run.correct(subtaskId, answerOf(stored));

    return readPatiently(() => this.plans.load(turn, next), signal);
  }

  /**
   * Returns the stored answers of a turn as events: they are not produced again.
   * @param attempt for their `start` events @param shown the text that clients have; nothing by default
   */
  async answered(turn: AnswerTurn, attempt: number, shown: StreamText = EMPTY_TEXT): Promise<ChatEvent[]> {
    const { first, steps, current } = turn;
    const startOf = await this.labels.of(turn);
    const shownId = shownSubtask(first.id, shown);
    const known = Math.max(
      0,
      steps.findIndex(({ id }) => id === shownId),
    );
    const events: ChatEvent[] = [];
    for (const step of steps.slice(known, current ? steps.indexOf(current) : undefined)) {
      const answer = answerOf(step);
      if (step.id === shownId) events.push(...difference(first.id, step.id, shown, answer));
      else events.push({ ...startOf(step), attempt }, ...eventsOfAnswer(answer));
    }

    return events;
  }
}
