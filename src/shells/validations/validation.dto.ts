import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { TextField } from '../../common/fields.js';
import { MAX_IMAGE_LENGTH } from '../../common/image-reference.js';
import type { ImageCheck, ValidationStage } from '../../common/contracts/image-validation.js';
import type { ValidationOutcome } from '../../infra/database/schema/image-validations.schema.js';
import type { ValidationSummaryRow } from '../shells.repository.js';
import type { ValidationRow } from './validation-state.js';

const optional = true;
const nullable = true;

export class ValidateImageDto {
  /** @example ghcr.io/acme/agent:1 */
  @TextField({ max: MAX_IMAGE_LENGTH })
  image!: string;

  /**
   * Type of the runtime that is to run in it
   * @example ClaudeCode
   */
  @TextField({ max: 100 })
  shellType!: string;

  /** For the history of this shell */
  @TextField({ max: 100, optional, nullable })
  shellName?: string | null;
}

export class ImageCheckDto implements ImageCheck {
  /** @example node */
  name!: string;

  status!: 'pass' | 'fail';

  /** @example 22.11.0 */
  version!: string | null;

  message!: string;

  /** How to mend the image */
  hint?: string;
}

/** What a list of shells shows of the newest validation. */
export class ValidationSummaryDto {
  @ApiProperty({ format: 'uuid' })
  validationId!: string;

  status!: ValidationStage;

  /** Percent; never goes back */
  progress!: number;

  /** Null while it runs. True: the image can be used */
  valid!: boolean | null;

  /** Null while it runs. `valid` and `invalid` are verdicts; after `error` nothing is known of the image */
  outcome!: ValidationOutcome | null;

  /** Why the image cannot be used */
  errors!: string[];

  errorMessage!: string | null;

  /** Digest of the image that was looked at */
  digest!: string | null;

  createdAt!: Date;

  completedAt!: Date | null;
}

/** A validation as Wegent's web client knows it, and some more. */
export class ValidationDto extends ValidationSummaryDto {
  /** The same as `status` */
  stage!: ValidationStage;

  checks!: ImageCheckDto[];

  /** With the outcome `error`, e.g. registry_unavailable, engine_unavailable, deadline_exceeded */
  errorCode!: string | null;

  /** Whether another validation of the same image may end otherwise */
  retryable!: boolean;

  /** Canonical name */
  image!: string;

  shellType!: string;

  shellName!: string | null;

  /** End of what the container has printed */
  logTail!: string | null;

  /** When each stage was reached */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string', format: 'date-time' } })
  stages!: Partial<Record<ValidationStage, string>>;

  updatedAt!: Date;
}

/** Of many large ones in one list the last come without checks, errors and log. */
export class ListedValidationDto extends ValidationDto {
  /** Present when these were left out, which `GET /api/shells/validation-status/{id}` has */
  @ApiPropertyOptional({ type: 'boolean', enum: [true] })
  detailsOmitted?: true;
}

export class ValidationListDto {
  total!: number;

  items!: ListedValidationDto[];
}

export class ValidationEventsQuery {
  /** For clients that cannot set the Last-Event-ID header */
  @TextField({ min: 0, max: 100, optional: true })
  last_event_id?: string;
}

/** One `data:` line: the validation as it is now. */
export class ValidationEventDto extends ValidationDto {
  type!: 'validation';
}

export class ValidationRequestDto {
  status!: 'submitted' | 'skipped' | 'error';

  message!: string;

  /** With `submitted` */
  @ApiProperty({ type: String, format: 'uuid' })
  validationId!: string | null;

  valid!: boolean | null;

  checks!: ImageCheckDto[];

  errors!: string[];
}

export function toValidationSummary(row: ValidationSummaryRow) {
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
