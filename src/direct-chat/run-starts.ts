import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { ChatAdmission } from './chat-admission.js';
import { ChatRunner } from './chat-runner.js';
import type { RunOutcome } from './run-outcome.js';
import type { RunPlan } from './run-plan.js';
import { RunRegistry } from './run-registry.js';

/** Begins runs in this process: when the queue gives their jobs, or before, when it is certain to give them. */
@Injectable()
export class RunStarts {
  constructor(
    private readonly runner: ChatRunner,
    private readonly registry: RunRegistry,
    private readonly admission: ChatAdmission,
    private readonly config: AppConfig,
  ) {}

  /** Runs until the end; a run that this process has already is joined. @throws what another attempt may mend */
  run(subtaskId: number): Promise<RunOutcome> {
    const handle = this.registry.get(subtaskId) ?? this.registry.open(subtaskId, (opened) => this.runner.run(opened));

    return handle.ended;
  }

  /**
   * Begins a run that is on its way through the queue, if its place is certain: nobody else reaches the embedded Redis,
   * and a place is free. Its job, when it is given, joins the run. One for an app waits for its job, which can be put
   * off until a person has answered.
   */
  beginIfNext({ subtaskId, dify }: RunPlan): void {
    const { redis, roles } = this.config;
    if (redis.kind !== 'embedded' || !roles.has('worker') || dify || !this.admission.hasPlaces) return;
    // Told to the job that joins it.
    this.run(subtaskId).catch(() => undefined);
  }
}
