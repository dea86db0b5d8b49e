import { ApiProperty } from '@nestjs/swagger';
import { IntField, TextField } from '../common/fields.js';
import type { ImageCheck, ValidateImageOrder } from '../common/contracts/image-validation.js';

const MAX_IMAGE = 1_000;
const MAX_NAME = 200;

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
  /** The `validation_task_id` of a validation */
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

  /** Of the validations that run or wait */
  task_ids!: number[];

  /** Their images */
  images!: string[];

  /** At work */
  running!: number;

  /** Those that wait for their turn included */
  total!: number;
}
