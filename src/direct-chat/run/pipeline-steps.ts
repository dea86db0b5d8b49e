import { Injectable } from '@nestjs/common';
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import { answerOf, eventsOfAnswer } from '../../answer-stream/stored-answer.js';
import type { ChatRun } from './chat-run.js';
import { RunFinalizer } from './run-finalizer.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';
import { type RunHandle, ActiveRuns } from './active-runs.js';
import { TurnLoader } from './turn-loader.js';

/** Advances a run through the steps of a pipeline. */
@Injectable()
export class PipelineSteps {
  constructor(
    private readonly plans: RunPlans,
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
   * @returns the next step's plan; null when the turn has ended meanwhile, and the stream with it
   */
  async advance(handle: RunHandle, run: ChatRun, { subtaskId, later }: RunPlan): Promise<RunPlan | null> {
    const [nextId] = later;
    if (nextId === undefined) return null;
    const { signal } = handle.controller;
    const shown = run.result();
    await this.finalizer.stepDone(run);
    // A failure from here on ends the next step.
    run.enter(nextId);
    const turn = await this.turns.loadNextStep(nextId, signal);
    const next = turn?.step(nextId);
    if (!turn?.current || !next) {
      await (turn && next ? this.finalizer.replay(run, turn.deciding) : this.finalizer.endDeleted(run));

      return null;
    }
    signal.throwIfAborted();
    const stored = turn.step(subtaskId);
    // The stored text differs when a worker that counted as lost has ended this step, or some characters cannot be stored.
    if (stored?.result && stored.result.value !== shown.value) run.correct(subtaskId, answerOf(stored));

    return this.plans.load(turn, next);
  }

  /** Returns the stored answers of a turn as events: they are not produced again. */
  async answered(turn: AnswerTurn, attempt: number): Promise<ChatEvent[]> {
    const events: ChatEvent[] = [];
    for (const step of turn.steps) {
      if (step === turn.current) break;
      const label = await this.plans.labelOf(turn, step);
      events.push({ type: 'start', task_id: step.taskId, subtask_id: step.id, attempt, ...label });
      events.push(...eventsOfAnswer(answerOf(step)));
    }

    return events;
  }
}
