import { ApiProperty } from '@nestjs/swagger';
import {
  EnumField,
  IntField,
  NestedListField,
  NumberField,
  BoolField,
  TextField,
  TextListField,
} from '../../common/fields.js';
import {
  type ImageCheck,
  VALIDATION_STAGES,
  type ValidationReport,
  type ValidationStage,
} from '../../common/image-validation.js';
import { MAX_IMAGE_LENGTH } from '../../common/image-reference.js';
import { VALIDATION_OUTCOMES, type ValidationOutcome } from '../../infra/database/schema/image-validations.schema.js';
import { DropsUnknownFields } from '../../infra/http/server/validation.pipe.js';
import type { ValidationRow } from './validation-state.js';

const optional = true;
const nullable = true;
const MAX_TEXT = 4000;

export class ValidateImageDto {
  @TextField({ max: MAX_IMAGE_LENGTH, example: 'ghcr.io/acme/agent:1' })
  image!: string;

  @TextField({ max: 100, example: 'ClaudeCode', description: 'Type of the runtime that is to run in it' })
  shellType!: string;

  @TextField({ max: 100, optional, nullable, description: 'For the history of this shell' })
  shellName?: string | null;
}

export class ImageCheckDto implements ImageCheck {
  @ApiProperty({ example: 'node' })
  name!: string;

  @ApiProperty({ enum: ['pass', 'fail'] })
  status!: 'pass' | 'fail';

  @ApiProperty({ type: String, nullable: true, example: '22.11.0' })
  version!: string | null;

  @ApiProperty()
  message!: string;

  @ApiProperty({ required: false, description: 'How to mend the image' })
  hint?: string;
}

/** What a list of shells shows of the newest validation. */
export class ValidationSummaryDto {
  @ApiProperty({ format: 'uuid' })
  validationId!: string;

  @ApiProperty({ enum: VALIDATION_STAGES })
  status!: ValidationStage;

  @ApiProperty({ description: 'Percent; never goes back' })
  progress!: number;

  @ApiProperty({ type: Boolean, nullable: true, description: 'Null while it runs. True: the image can be used' })
  valid!: boolean | null;

  @ApiProperty({
    enum: VALIDATION_OUTCOMES,
    nullable: true,
    description: 'Null while it runs. `valid` and `invalid` are verdicts; after `error` nothing is known of the image',
  })
  outcome!: ValidationOutcome | null;

  @ApiProperty({ type: [String], description: 'Why the image cannot be used' })
  errors!: string[];

  @ApiProperty({ type: String, nullable: true })
  errorMessage!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Digest of the image that was looked at' })
  digest!: string | null;

  @ApiProperty()
  createdAt!: Date;

  @ApiProperty({ type: Date, nullable: true })
  completedAt!: Date | null;
}

/** A validation as Wegent's web client knows it, and some more. */
export class ValidationDto extends ValidationSummaryDto {
  @ApiProperty({ enum: VALIDATION_STAGES, description: 'The same as `status`' })
  stage!: ValidationStage;

  @ApiProperty({ type: [ImageCheckDto] })
  checks!: ImageCheckDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'With the outcome `error`, e.g. registry_unavailable, engine_unavailable, deadline_exceeded',
  })
  errorCode!: string | null;

  @ApiProperty({ description: 'Whether another validation of the same image may end otherwise' })
  retryable!: boolean;

  @ApiProperty({ description: 'Canonical name' })
  image!: string;

  @ApiProperty()
  shellType!: string;

  @ApiProperty({ type: String, nullable: true })
  shellName!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'End of what the container has printed' })
  logTail!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', format: 'date-time' },
    description: 'When each stage was reached',
  })
  stages!: Partial<Record<ValidationStage, string>>;

  @ApiProperty()
  updatedAt!: Date;
}

export class ValidationListDto {
  @ApiProperty()
  total!: number;

  @ApiProperty({ type: [ValidationDto] })
  items!: ValidationDto[];
}

export class ValidationRequestDto {
  @ApiProperty({ enum: ['submitted', 'skipped', 'error'] })
  status!: 'submitted' | 'skipped' | 'error';

  @ApiProperty()
  message!: string;

  @ApiProperty({ type: String, nullable: true, format: 'uuid', description: 'With `submitted`' })
  validationId!: string | null;

  @ApiProperty({ type: Boolean, nullable: true })
  valid!: boolean | null;

  @ApiProperty({ type: [ImageCheckDto] })
  checks!: ImageCheckDto[];

  @ApiProperty({ type: [String] })
  errors!: string[];
}

@DropsUnknownFields()
class ReportedCheckDto {
  @TextField({ max: 100 })
  name!: string;

  @EnumField(['pass', 'fail'])
  status!: 'pass' | 'fail';

  @TextField({ min: 0, max: 500, optional, nullable })
  version?: string | null;

  @TextField({ min: 0, max: MAX_TEXT, optional, nullable })
  message?: string | null;

  @TextField({ min: 0, max: MAX_TEXT, optional, nullable })
  hint?: string | null;
}

/** See {@link ValidationReport}; Wegent's manager sends null for what it does not know. */
@DropsUnknownFields()
export class ValidationReportDto {
  @EnumField(VALIDATION_STAGES)
  status!: ValidationStage;

  @TextField({ min: 0, max: 500, optional, nullable, description: 'Not used: `status` says it' })
  stage?: string | null;

  @NumberField({ min: 0, max: 100, optional, nullable })
  progress?: number | null;

  @BoolField({ optional, nullable, description: 'With the status completed' })
  valid?: boolean | null;

  @NestedListField(() => ReportedCheckDto, { maxItems: 50, optional, nullable, description: 'All so far' })
  checks?: ReportedCheckDto[] | null;

  @TextListField({ maxItems: 50, max: MAX_TEXT, optional, nullable, description: 'Why the image cannot be used' })
  errors?: string[] | null;

  @TextField({ min: 0, max: MAX_TEXT, optional, nullable })
  errorMessage?: string | null;

  @TextField({
    max: 50,
    pattern: /^[a-z][a-z_]*$/,
    patternMessage: 'must be in snake_case',
    optional,
    nullable,
    description: 'Nothing could be found out about the image, e.g. registry_unavailable',
  })
  code?: string | null;

  @TextField({ max: 200, optional, nullable, example: 'sha256:…' })
  digest?: string | null;

  @TextField({ min: 0, max: 262_144, optional, nullable, description: 'Its end is kept' })
  logTail?: string | null;

  @IntField({ min: 0, optional, nullable, description: 'Grows from report to report' })
  seq?: number | null;
}

export class ReportReceiptDto {
  @ApiProperty({ enum: ['success'] })
  status!: 'success';

  @ApiProperty()
  message!: string;

  @ApiProperty({
    enum: ['ended', 'stale'],
    required: false,
    description: 'Why it changed nothing. `ended`: nobody waits for more, stop the run',
  })
  ignored?: 'ended' | 'stale';
}

export function toReport({ status, checks, ...rest }: ValidationReportDto): ValidationReport {
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));

  return { status, ...(known as Partial<ValidationReport>), ...(checks && { checks: checks.map(toCheck) }) };
}

function toCheck({ name, status, version, message, hint }: ReportedCheckDto): ImageCheck {
  return { name, status, version: version ?? null, message: message ?? '', ...(hint && { hint }) };
}

export function toValidationSummary(row: ValidationRow) {
  return {
    validationId: row.id,
    status: row.stage,
    progress: row.progress,
    valid: row.outcome === null ? null : row.outcome === 'valid',
    outcome: row.outcome,
    errors: row.errors,
    errorMessage: row.errorMessage,
    digest: row.digest,
    createdAt: row.createdAt,
    completedAt: row.completedAt,
  } satisfies ValidationSummaryDto;
}

export function toValidationDto(row: ValidationRow): ValidationDto {
  return {
    ...toValidationSummary(row),
    stage: row.stage,
    checks: row.checks,
    errorCode: row.errorCode,
    retryable: row.outcome === 'error' || row.outcome === 'cancelled',
    image: row.image,
    shellType: row.shellType,
    shellName: row.shellName,
    logTail: row.logTail,
    stages: row.stageTimes,
    updatedAt: row.updatedAt,
  };
}
