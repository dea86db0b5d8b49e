import { ApiProperty } from '@nestjs/swagger';
import { EnumField, IdField, IntField, ObjectField, TextField } from '../../common/fields.js';
import type { JsonObject } from '../../common/json.js';
import { DropsUnknownFields, RepairsTexts } from '../../infra/http/server/validation.pipe.js';

/** Wegent's executors say the last four among themselves; its managers may pass them on. */
export const REPORTED_STATUSES = [
  ...(['RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const),
  ...(['SUCCESS', 'TIMEOUT', 'INITIALIZED', 'PRE_EXECUTED'] as const),
] as const;
export type ReportedStatus = (typeof REPORTED_STATUSES)[number];

export const IGNORED_REASONS = ['duplicate', 'stale', 'terminal'] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

const optional = true;
const nullable = true;
const NameField = () => TextField({ min: 0, max: 500, optional, nullable });

/** What an executor says about its subtask. Fields that it does not know are left out or null; unknown ones are ignored. */
@DropsUnknownFields()
@RepairsTexts()
export class ExecutorReportDto {
  @IdField()
  subtask_id!: number;

  @EnumField(REPORTED_STATUSES, {
    description: '`SUCCESS` means COMPLETED, `TIMEOUT` FAILED, `INITIALIZED` and `PRE_EXECUTED` RUNNING',
  })
  status!: ReportedStatus;

  @IntField({ min: 0, max: 100, optional, nullable, description: 'Percent; never goes backwards' })
  progress?: number | null;

  @NameField()
  task_title?: string | null;

  @NameField()
  subtask_title?: string | null;

  @NameField()
  executor_name?: string | null;

  @NameField()
  executor_namespace?: string | null;

  @ObjectField({
    optional,
    nullable,
    description: 'The whole answer so far; its `value` is the text. At most EXECUTOR_MAX_RESULT_BYTES',
    example: { value: 'so far', thinking: [{ title: '…', next_action: 'continue', details: {} }] },
  })
  result?: JsonObject | null;

  @TextField({ min: 0, max: 1_000_000, optional, nullable, description: 'Counts with FAILED and CANCELLED only' })
  error_message?: string | null;

  @IntField({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    optional,
    nullable,
    description: 'Number of this report, growing with each of the same executor and subtask: older ones are stale',
  })
  seq?: number | null;

  @TextField({ max: 128, optional, nullable, description: 'Name of this report: a second one is a duplicate' })
  event_id?: string | null;
}

/** A report was taken, or is no longer of use. */
export class ReportReceiptDto {
  @ApiProperty()
  subtask_id!: number;

  @ApiProperty()
  task_id!: number;

  @ApiProperty({ description: 'As reported; of an ignored report, as it is' })
  status!: string;

  @ApiProperty()
  progress!: number;

  @ApiProperty()
  message!: string;

  @ApiProperty({ enum: IGNORED_REASONS, required: false, description: 'Only when it changes nothing' })
  ignored?: IgnoredReason;
}

/** A sign of life. The body may be left out. */
@DropsUnknownFields()
export class HeartbeatDto {
  @NameField()
  executor_name?: string | null;
}

/** Until when the executor need not be heard of again. */
export class LeaseDto {
  @ApiProperty()
  subtask_id!: number;

  @ApiProperty()
  task_id!: number;

  @ApiProperty({ example: 'RUNNING' })
  status!: string;

  @ApiProperty()
  lease_expires_at!: Date;

  @ApiProperty({ description: 'True: stop, and report CANCELLED' })
  cancelling!: boolean;
}
