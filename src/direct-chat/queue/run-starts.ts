import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { ChatAdmission } from './chat-admission.js';
import { ChatRunner } from '../run/chat-runner.js';
import type { RunOutcome } from '../run/run-outcome.js';
import type { RunPlan } from '../plan/run-plan.js';
import { type RunHandle, ActiveRuns } from '../run/active-runs.js';

/** Begins runs in this process: when the queue gives their jobs, or before, when it is certain to give them. */
@Injectable()
export class RunStarts {
  constructor(
    private readonly runner: ChatRunner,
    private readonly registry: ActiveRuns,
    private readonly admission: ChatAdmission,
    private readonly config: AppConfig,
  ) {}

  /** Runs until the end; a run that this process has already is joined. @throws what another attempt may mend */
  run(subtaskId: number): Promise<RunOutcome> {
    return (this.registry.get(subtaskId) ?? this.begin(subtaskId)).ended;
  }

  /**
   * Begins a run whose job is still to come, if its place is certain: nobody else reaches the queue, and a place is free.
   * Its job, when it is given, joins the run. One for an app waits for its job, which can be put off until a person has
   * answered.
   * @returns null when it must wait for its job
   */
  beginIfNext({ subtaskId, dify }: RunPlan): RunHandle | null {
    const { isAlone, roles } = this.config;
    if (!isAlone || !roles.has('worker') || dify || !this.admission.hasPlaces) return null;

    return this.begin(subtaskId);
  }

  private begin(subtaskId: number): RunHandle {
    const handle = this.registry.open(subtaskId, (opened) => this.runner.run(opened));
    // Told to the job that joins it.
    handle.ended.catch(() => undefined);

    return handle;
  }
}
