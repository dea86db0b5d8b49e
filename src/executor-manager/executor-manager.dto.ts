import { ApiProperty } from '@nestjs/swagger';
import { IntField, TextField } from '../common/fields.js';
import type { ImageCheck, ValidateImageOrder, ValidateImageReceipt } from '../common/image-validation.js';
import { DropsUnknownFields } from '../infra/http/server/validation.pipe.js';

const MAX_IMAGE = 1_000;
const MAX_NAME = 200;

@DropsUnknownFields()
export class ValidateImageDto implements ValidateImageOrder {
  @TextField({ max: MAX_IMAGE, example: 'registry.example/team/agent:1' })
  image!: string;

  @TextField({ max: MAX_NAME, example: 'ClaudeCode' })
  shell_type!: string;

  @TextField({ max: MAX_NAME, optional: true })
  shell_name?: string;

  @TextField({ max: MAX_NAME, optional: true, description: 'Of the API, which is told how far it is' })
  validation_id?: string;
}

@DropsUnknownFields()
export class CancelDto {
  @IntField({ description: 'The `validation_task_id` of a validation' })
  task_id!: number;
}

export class ReceiptDto implements ValidateImageReceipt {
  @ApiProperty({ enum: ['submitted', 'skipped', 'error'] })
  status!: ValidateImageReceipt['status'];

  @ApiProperty()
  message!: string;

  @ApiProperty({ required: false, description: 'Below 0: for a cancel' })
  validation_task_id?: number;

  @ApiProperty({ required: false })
  valid?: boolean;

  @ApiProperty({ required: false, type: 'array', items: { type: 'object' } })
  checks?: ImageCheck[];

  @ApiProperty({ required: false, type: [String] })
  errors?: string[];
}

/** Reply of most calls. */
export class StatusDto {
  @ApiProperty({ example: 'success' })
  status!: string;

  @ApiProperty()
  message!: string;
}

export class ManagerHealthDto {
  @ApiProperty({ enum: ['healthy'] })
  status!: 'healthy';

  @ApiProperty({ description: '`ok`, or what is wrong with the container engine' })
  engine!: string;
}

export class LoadDto {
  @ApiProperty()
  status!: 'success';

  @ApiProperty({ type: [Number], description: 'Of the validations that run or wait' })
  task_ids!: number[];

  @ApiProperty({ type: [String], description: 'Their images' })
  images!: string[];

  @ApiProperty({ description: 'At work' })
  running!: number;

  @ApiProperty({ description: 'Those that wait for their turn included' })
  total!: number;
}
