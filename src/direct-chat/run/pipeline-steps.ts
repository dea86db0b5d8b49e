import { Injectable } from '@nestjs/common';
import type { ChatEvent } from '../../common/chat-event.js';
import type { SubtaskResult } from '../../infra/database/schema/schema.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import { answerOf } from './answer-accumulator.js';
import type { ChatRun } from './chat-run.js';
import { RunFinalizer } from './run-finalizer.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';
import { type RunHandle, ActiveRuns } from './active-runs.js';
import { TurnLoader } from './turn-loader.js';

/** How one run answers the steps of a pipeline one after the other. */
@Injectable()
export class PipelineSteps {
  constructor(
    private readonly plans: RunPlans,
    private readonly turns: TurnLoader,
    private readonly ending: RunFinalizer,
    private readonly registry: ActiveRuns,
  ) {}

  /** Makes a cancel of any step reach the run. */
  register(handle: RunHandle, stepIds: readonly number[]): void {
    if (stepIds.length > 0) this.registry.addSteps(handle, stepIds);
  }

  /**
   * Ends a step and goes on to the next one once the database has that end, so that no step is ever asked for without
   * the one before it.
   * @returns the next step's plan; null when the turn has ended meanwhile, and the stream with it
   */
  async advance(handle: RunHandle, run: ChatRun, { subtaskId, later }: RunPlan): Promise<RunPlan | null> {
    const [nextId] = later;
    if (nextId === undefined) return null;
    const { signal } = handle.controller;
    const said = run.result();
    await this.ending.stepDone(run);
    // Whatever goes wrong from here on is the end of the next step.
    run.enter(nextId);
    const turn = await this.turns.handedOver(nextId, signal);
    const next = turn?.step(nextId);
    if (!turn || !next) return this.over(this.ending.drop(run));
    if (!turn.current) return this.over(this.ending.replay(run, turn.deciding));
    signal.throwIfAborted();
    correct(run, subtaskId, said, turn.step(subtaskId)?.result);

    return this.plans.load(turn, next);
  }

  /** The answers that a turn has already, as events: they are neither asked for nor paid again. */
  async answered(turn: AnswerTurn, attempt: number): Promise<ChatEvent[]> {
    const events: ChatEvent[] = [];
    for (const step of turn.steps) {
      if (step === turn.current) break;
      const label = await this.plans.labelOf(turn, step);
      events.push({ type: 'start', task_id: step.taskId, subtask_id: step.id, attempt, ...label });
      events.push(...eventsOf(step.result));
    }

    return events;
  }

  private async over(told: Promise<unknown>): Promise<null> {
    await told;

    return null;
  }
}

/** The events that make up a stored answer. */
function eventsOf(result: SubtaskResult | null): ChatEvent[] {
  const { content, reasoning, extras = {} } = answerOf(result);
  const { steps = [], sources, files = [], suggestions } = extras;

  return [
    ...(reasoning === '' ? [] : [{ type: 'reasoning' as const, content: reasoning }]),
    ...steps.map((step) => ({ type: 'step' as const, ...step })),
    ...(content === '' ? [] : [{ type: 'content' as const, content }]),
    ...files.map((file) => ({ type: 'file' as const, file })),
    ...(sources ? [{ type: 'sources' as const, sources }] : []),
    ...(suggestions ? [{ type: 'suggestions' as const, questions: suggestions }] : []),
  ];
}

/**
 * What the database has is what the next step is asked with. It is another text when a worker that was taken for lost
 * had come to the end of this step, or when some characters could not be stored.
 */
function correct(run: ChatRun, stepId: number, said: SubtaskResult, stored: SubtaskResult | null | undefined): void {
  if (!stored || stored.value === said.value) return;
  run.correct(stepId, stored);
}
