import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { Queue } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { AppError } from '../../common/app-error.js';
import { ShellImageChangedEvent } from '../../common/contracts/domain-events.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { ImageManagerHttp } from '../../infra/http/client/executor-manager-http.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import { ImagePolicy } from '../image-policy.js';
import { ShellsRepository, type Verdict } from '../shells.repository.js';
import { ShellsService } from '../shells.service.js';
import { ValidationTransitions } from './validation-transitions.js';
import type { ValidationRow } from './validation-state.js';
import type { ValidateImageDto, ValidationRequestDto } from './validation.dto.js';
import { IMAGE_VALIDATIONS, SUBMISSION_OPTIONS, type SubmissionJob, submissionJobId } from './validations.processor.js';
import { ValidationsRepository } from './validations.repository.js';

/** Validations that one user may have running. */
const MAX_RUNNING = 50;
const NO_MANAGER =
  'There is no executor manager that could look at the image: start Docker, or set EXECUTOR_MANAGER_URL';
const NOTHING = { validationId: null, valid: null, checks: [], errors: [] };

type ValidationTarget = Omit<ShellImageChangedEvent, 'shellName'> & { shellName: string | null };

/** Starts validations of images: on request, and for every new image of a shell. */
@Injectable()
export class ValidationStarter {
  private readonly log = new Logger(ValidationStarter.name);

  constructor(
    @InjectQueue(IMAGE_VALIDATIONS) private readonly queue: Queue<SubmissionJob>,
    private readonly repository: ValidationsRepository,
    private readonly transitions: ValidationTransitions,
    private readonly shells: ShellsService,
    private readonly shellRows: ShellsRepository,
    private readonly policy: ImagePolicy,
    private readonly manager: ImageManagerHttp,
    private readonly config: AppConfig,
  ) {}

  /**
   * Starts a validation of an image; while it runs, the same request joins it.
   * @throws AppError validation_failed, too_many_validations
   */
  async request(
    userId: number,
    { image: text, shellType, shellName }: ValidateImageDto,
  ): Promise<ValidationRequestDto> {
    const { canonical: image } = this.policy.parse('image', text);
    const execution = await this.shells.executionOf(shellType);
    if (execution === null)
      throw invalid([{ field: 'shellType', message: `there is no public shell of the type "${shellType}"` }]);
    if (execution === 'external_api')
      return { ...NOTHING, status: 'skipped', valid: true, message: `${shellType} answers without an image` };
    if (!this.manager.isConfigured) return { ...NOTHING, status: 'error', message: NO_MANAGER };
    const { id } = await this.begin({ userId, shellName: shellName ?? null, shellType, image });

    return { ...NOTHING, status: 'submitted', validationId: id, message: 'Validation of the image submitted' };
  }

  /** Enqueues the submission of a validation to the executor manager; one that is lost is found by the sweep. */
  async submit({ id, submissions }: Pick<ValidationRow, 'id' | 'submissions'>): Promise<void> {
    try {
      const options = { ...SUBMISSION_OPTIONS, jobId: submissionJobId(id, submissions) };
      await this.queue.add('submit', { validationId: id }, options);
    } catch (error) {
      this.log.warn(`validation ${id}: submitted later, the queue does not answer: ${logLine(error)}`);
    }
  }

  /**
   * Starts a validation of the image of a shell, unless an earlier one was passed. A validation that is refused does
   * not keep the shell from being stored.
   */
  @OnEvent(ShellImageChangedEvent.eventName, { suppressErrors: false })
  async validateShellImage(target: ShellImageChangedEvent): Promise<void> {
    const known = await this.repository.newestVerdict(target);
    if (known?.outcome === 'valid') return this.applyVerdict(target, { state: 'Available', reason: null });
    if (!this.manager.isConfigured) return this.applyVerdict(target, { state: 'Pending', reason: NO_MANAGER });
    try {
      await this.begin(target);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await this.applyVerdict(target, { state: 'Pending', reason: error.message });
    }
  }

  private async applyVerdict({ userId, image, shellType }: ShellImageChangedEvent, verdict: Verdict): Promise<void> {
    await this.shellRows.applyVerdict(userId, image, shellType, verdict);
  }

  private async begin(target: ValidationTarget): Promise<ValidationRow> {
    const deadlineAt = new Date(Date.now() + this.config.images.validationTimeoutSeconds * 1000);
    // Twice, for the case that the one that runs ends in between.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const running = await this.repository.running(target);
      if (running) return running;
      await this.refuseTooMany(target.userId);
      const stageTimes = { submitted: new Date().toISOString() };
      const row = await this.repository.insert({ ...target, id: randomUUID(), deadlineAt, stageTimes });
      if (!row) continue;
      await this.transitions.publishNew(row);
      await this.submit(row);

      return row;
    }
    throw new AppError('conflict', 'The validation of this image has just changed: try again');
  }

  private async refuseTooMany(userId: number): Promise<void> {
    if ((await this.repository.countRunning(userId)) < MAX_RUNNING) return;
    throw new AppError('too_many_validations', `You have ${MAX_RUNNING} running validations; wait for the end of one`, {
      retryAfter: 10,
      retryable: true,
    });
  }
}
