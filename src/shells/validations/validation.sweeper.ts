import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import { ValidationStarter } from './validation-starter.js';
import { type Ending, endBy, type ValidationRow } from './validation-state.js';
import { ValidationTransitions } from './validation-transitions.js';
import { ValidationsRepository } from './validations.repository.js';

/** Validations in one sweep; the next one finds the rest. */
const AT_A_TIME = 200;
const MIN_SILENCE_MS = 1_000;
const MAX_SILENCE_MS = 60_000;
const MAX_INTERVAL_MS = 5_000;

/** Ends validations that are overdue, and submits those again of which no more reports come. */
@Injectable()
export class ValidationSweeper implements OnModuleInit {
  private readonly timeoutSeconds: number;
  /** After this much silence of its manager a validation is submitted again. */
  private readonly silenceMs: number;

  constructor(
    private readonly maintenance: MaintenanceTasks,
    private readonly repository: ValidationsRepository,
    private readonly transitions: ValidationTransitions,
    private readonly starter: ValidationStarter,
    { images }: AppConfig,
  ) {
    this.timeoutSeconds = images.validationTimeoutSeconds;
    this.silenceMs = Math.min(Math.max(this.timeoutSeconds * 100, MIN_SILENCE_MS), MAX_SILENCE_MS);
  }

  onModuleInit(): void {
    const everyMs = Math.min(this.silenceMs / 4, MAX_INTERVAL_MS);
    this.maintenance.register({ name: 'sweep-validations', everyMs, run: () => this.sweep() });
  }

  private async sweep(): Promise<void> {
    const now = Date.now();
    for (const row of await this.repository.overdue(new Date(now), AT_A_TIME)) {
      const ending = deadlineExceeded(row, this.timeoutSeconds);
      await this.transitions.change(row.id, (current, at) => endBy(current, ending, at));
    }
    const silent = await this.repository.silent(new Date(now - this.silenceMs), AT_A_TIME);
    for (const row of silent) await this.starter.submit(row);
  }
}

function deadlineExceeded({ stage, errorMessage }: ValidationRow, seconds: number): Ending {
  const trouble = errorMessage === null ? '' : ` (${errorMessage})`;

  return {
    outcome: 'error',
    code: 'deadline_exceeded',
    message: `The validation did not end within ${seconds} s; it was at the stage ${stage}${trouble}`,
  };
}
