import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { withinOr } from '../../common/async/within.js';
import { AppError } from '../../common/app-error.js';
import { ImageReferenceError, parseImageReference } from '../../common/image-reference.js';
import type { ValidateImageOrder } from '../../common/contracts/image-validation.js';
import { DIRECT_CHAT_SHELLS } from '../../common/contracts/shell-types.js';
import { AppConfig } from '../../config/app-config.js';
import type { ReceiptDto } from '../executor-manager.dto.js';
import { BackendClient } from '../reporting/backend.client.js';
import { LABELS } from '../runtime/runtime-labels.js';
import { EngineTrouble, engineWords } from '../runtime/runtime-errors.js';
import { checksFor, IMAGE_CHECKS } from './image-checks.js';
import { ImageValidator, type Validation } from './image-validator.js';
import { ReportSender } from '../reporting/report-sender.js';
import { Semaphore } from '../../common/async/semaphore.js';
import { RunStopped, ValidationRun } from './validation-run.js';

/** The API regards a manager as lost when it is silent for much longer than this. */
const KEEP_ALIVE_MS = 15_000;
const SWEEP_MS = 5_000;
/** How long an ended validation is remembered, for an API that missed the last report and submits it again. */
const REMEMBER_MS = 10 * 60_000;
const MAX_WAITING = 1_000;
/** Limit of the shutdown, for an engine that does not answer. */
const STOP_MS = 10_000;

/** The validations of this process: running, waiting for their turn, or ended a short while ago. */
@Injectable()
export class ImageValidationRunner implements BeforeApplicationShutdown {
  private readonly log = new Logger(ImageValidationRunner.name);
  private readonly slots: Semaphore;
  private readonly limitMs: number;
  private readonly runs = new Map<string, ValidationRun>();
  private readonly atWork = new Map<ValidationRun, Promise<void>>();
  private readonly timer = setInterval(() => this.sweep(), SWEEP_MS).unref();
  private count = 0;
  private isStopping = false;

  constructor(
    private readonly config: AppConfig,
    private readonly validator: ImageValidator,
    private readonly backend: BackendClient,
  ) {
    this.slots = new Semaphore(config.manager.concurrency);
    this.limitMs = config.images.validationTimeoutSeconds * 1000;
  }

  /** Starts a validation and returns at once. Submitted again, it repeats its last report. */
  submit(order: ValidateImageOrder): ReceiptDto {
    const known = order.validation_id === undefined ? undefined : this.runs.get(order.validation_id);
    if (known) {
      known.repeat();

      return { status: 'submitted', message: 'The validation is known already', validation_task_id: known.taskId };
    }
    const validation = this.read(order);
    if ('status' in validation) return validation;
    if (this.isStopping || this.atWork.size >= MAX_WAITING)
      throw new AppError('service_unavailable', 'No more validations are taken now; try again');
    const run = this.add(order);
    this.atWork.set(run, this.work(run, validation));

    return { status: 'submitted', message: 'The validation has begun', validation_task_id: run.taskId };
  }

  /** Stops a validation. @returns whether there was one */
  cancel(taskId: number): boolean {
    const run = [...this.atWork.keys()].find((candidate) => candidate.taskId === taskId && !candidate.hasEnded);
    run?.stop('cancelled');

    return run !== undefined;
  }

  /** Validations that have not ended, the waiting ones included. */
  get active(): ValidationRun[] {
    return [...this.atWork.keys()].filter(({ hasEnded }) => !hasEnded);
  }

  load() {
    const { active } = this;
    const running = Math.min(active.length, this.config.manager.concurrency);

    return {
      ...{ status: 'success' as const, running, total: active.length },
      task_ids: active.map(({ taskId }) => taskId),
      images: active.map(({ image }) => image),
    };
  }

  /** Stops all runs without a last report, so that the API submits them again to the next process. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.isStopping = true;
    for (const run of this.atWork.keys()) run.stop('stopping');
    await withinOr(STOP_MS, undefined, Promise.allSettled(this.atWork.values()));
  }

  /** Returns the checks to run, or the reply when there is nothing to run. */
  private read({
    image,
    shell_type: shellType,
  }: ValidateImageOrder): Pick<Validation, 'reference' | 'checks'> | ReceiptDto {
    if (DIRECT_CHAT_SHELLS.includes(shellType)) {
      return { status: 'skipped', message: `${shellType} runs in no image`, valid: true, checks: [], errors: [] };
    }
    const checks = checksFor(shellType);
    if (!checks) return refusal(`shell_type must be one of: ${Object.keys(IMAGE_CHECKS).join(', ')}`);
    try {
      return { reference: parseImageReference(image), checks };
    } catch (error) {
      if (error instanceof ImageReferenceError) return refusal(`image ${error.message}`);
      throw error;
    }
  }

  private add({ image, validation_id: id }: ValidateImageOrder): ValidationRun {
    this.count += 1;
    if (id === undefined) return new ValidationRun(-this.count, image, null);
    const sender = new ReportSender(
      (report) => this.backend.report(id, report),
      () => this.discard(id, run),
      (error) => this.log.warn(`validation ${id}: a report did not arrive: ${(error as Error).message}; trying again`),
    );
    const run = new ValidationRun(-this.count, image, sender);
    this.runs.set(id, run);

    return run;
  }

  /** Stops a run and forgets it: submitted again, it starts from the beginning. */
  private discard(id: string, run: ValidationRun): void {
    run.stop('unwanted');
    if (this.runs.get(id) === run) this.runs.delete(id);
  }

  private async work(run: ValidationRun, what: Pick<Validation, 'reference' | 'checks'>): Promise<void> {
    const { canonical } = what.reference;
    this.log.log(`validation of ${canonical} begins (${run.taskId})`);
    try {
      const result = await this.validate(run, what).catch((error: unknown) => this.failure(error, canonical));
      run.end(result);
      this.log.log(`validation of ${canonical} ended (${run.taskId}): ${summary(result)}`);
      await run.delivered(this.limitMs);
    } finally {
      this.atWork.delete(run);
    }
  }

  private async validate(run: ValidationRun, what: Pick<Validation, 'reference' | 'checks'>) {
    const release = await this.slots.acquire(run.signal);
    const limit = AbortSignal.timeout(this.limitMs);
    const labels = {
      [LABELS.manager]: this.config.manager.name,
      [LABELS.run]: run.id,
      [LABELS.expires]: String(Date.now() + 2 * this.limitMs),
    };
    try {
      return await this.validator.validate({ ...what, labels }, run.onProgress, AbortSignal.any([run.signal, limit]));
    } catch (error) {
      if (!limit.aborted || run.signal.aborted) throw error;
      throw new EngineTrouble('engine_unavailable', `It did not end within ${this.limitMs / 1000} s`);
    } finally {
      release();
    }
  }

  private failure(error: unknown, image: string): Error {
    if (error instanceof EngineTrouble && error.cause !== undefined)
      this.log.warn(`validation of ${image}: ${engineWords(error)}`);
    if (error instanceof EngineTrouble || error instanceof RunStopped) return error;
    this.log.error(`validation of ${image} failed`, (error as Error).stack);

    return error as Error;
  }

  private sweep(): void {
    for (const [id, run] of this.runs) {
      run.keepAlive(KEEP_ALIVE_MS);
      if (run.endedAt !== null && Date.now() - run.endedAt > REMEMBER_MS) this.runs.delete(id);
    }
  }
}

function refusal(message: string): ReceiptDto {
  return { status: 'error', message, valid: false, checks: [], errors: [message] };
}

function summary(result: Error | { valid?: boolean; errors?: string[] }): string {
  if (result instanceof Error) return result.message;

  return result.valid ? 'valid' : (result.errors ?? []).join('; ');
}
