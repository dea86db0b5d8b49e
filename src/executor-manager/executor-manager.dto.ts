import { ApiProperty } from '@nestjs/swagger';
import { IntField, TextField } from '../common/fields.js';
import type { ImageCheck, ValidateImageOrder } from '../common/contracts/image-validation.js';

const MAX_IMAGE = 1_000;
const MAX_NAME = 200;
const MAX_EXECUTOR_NAME = 500;

export class ValidateImageDto implements ValidateImageOrder {
  /** @example registry.example/team/agent:1 */
  @TextField({ max: MAX_IMAGE })
  image!: string;

  /** @example ClaudeCode */
  @TextField({ max: MAX_NAME })
  shell_type!: string;

  @TextField({ max: MAX_NAME, optional: true })
  shell_name?: string;

  /** Of the API, which is told how far it is */
  @TextField({ max: MAX_NAME, optional: true })
  validation_id?: string;
}

export class CancelDto {
  /** Of the task, or the `validation_task_id` of a validation */
  @IntField()
  task_id!: number;
}

/** Reply to an order. */
export class ReceiptDto {
  status!: 'submitted' | 'skipped' | 'error';

  message!: string;

  /** Below 0: for a cancel */
  validation_task_id?: number;

  valid?: boolean;

  @ApiProperty({ type: 'array', items: { type: 'object' } })
  checks?: ImageCheck[];

  errors?: string[];
}

export class DeleteExecutorDto {
  /** @example conch-task-5-0a1b2c3d */
  @TextField({ max: MAX_EXECUTOR_NAME })
  executor_name!: string;
}

/** What became of an executor that was to be deleted. */
export class DeletedExecutorDto {
  status!: 'success' | 'failed';

  /** Why it was not */
  error_msg?: string;
}

/** Whether an executor lives. */
export class ExecutorPresenceDto {
  /** `running`: also while it is being started; `unknown`: none of this manager, or the engine does not answer */
  status!: 'running' | 'gone' | 'unknown';

  task_id!: number | null;
}

/** Reply of most calls. */
export class StatusDto {
  /** @example success */
  status!: string;

  message!: string;
}

export class ManagerHealthDto {
  status!: 'healthy';

  /** `ok`, or what is wrong with the container engine */
  engine!: string;
}

export class LoadDto {
  status!: 'success';

  /** Of the subtasks that executors have, and of the validations that run or wait */
  task_ids!: number[];

  /** Names of the executors that are at work or being started */
  containers!: string[];

  /** Subtasks that could be claimed now */
  free_slots!: number;

  /** Images of the validations */
  images!: string[];

  /** Subtasks and validations at work */
  running!: number;

  /** The same with the validations that wait for their turn */
  total!: number;
}
