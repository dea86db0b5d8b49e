import {
  BoolField,
  EnumField,
  IntField,
  NestedListField,
  NumberField,
  TextField,
  TextListField,
} from '../../common/fields.js';
import {
  type ImageCheck,
  VALIDATION_STAGES,
  type ValidationReport,
  type ValidationStage,
} from '../../common/contracts/image-validation.js';

const optional = true;
const nullable = true;
const MAX_TEXT = 4000;

export class ReportedCheckDto {
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
export class ValidationReportDto {
  @EnumField(VALIDATION_STAGES)
  status!: ValidationStage;

  /** Not used: `status` says it */
  @TextField({ min: 0, max: 500, optional, nullable })
  stage?: string | null;

  @NumberField({ min: 0, max: 100, optional, nullable })
  progress?: number | null;

  /** With the status completed */
  @BoolField({ optional, nullable })
  valid?: boolean | null;

  /** All so far */
  @NestedListField(() => ReportedCheckDto, { maxItems: 50, optional, nullable })
  checks?: ReportedCheckDto[] | null;

  /** Why the image cannot be used */
  @TextListField({ maxItems: 50, max: MAX_TEXT, optional, nullable })
  errors?: string[] | null;

  @TextField({ min: 0, max: MAX_TEXT, optional, nullable })
  errorMessage?: string | null;

  /** Nothing could be found out about the image, e.g. registry_unavailable */
  @TextField({ max: 50, pattern: /^[a-z][a-z_]*$/, patternMessage: 'must be in snake_case', optional, nullable })
  code?: string | null;

  /** @example sha256:… */
  @TextField({ max: 200, optional, nullable })
  digest?: string | null;

  /** Its end is kept */
  @TextField({ min: 0, max: 262_144, optional, nullable })
  logTail?: string | null;

  /** Name of the container, of managers that leave it to the API to have it deleted; with the status completed */
  @TextField({ min: 0, max: 500, optional, nullable })
  executor_name?: string | null;

  /** Grows from report to report */
  @IntField({ min: 0, optional, nullable })
  seq?: number | null;
}

export class ValidationReceiptDto {
  status!: 'success';

  message!: string;

  /** Why it changed nothing. `ended`: nobody waits for more, stop the run */
  ignored?: 'ended' | 'stale';
}

export function toReport({ status, checks, executor_name: _name, ...rest }: ValidationReportDto): ValidationReport {
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));

  return { status, ...(known as Partial<ValidationReport>), ...(checks && { checks: checks.map(toCheck) }) };
}

function toCheck({ name, status, version, message, hint }: ReportedCheckDto): ImageCheck {
  return { name, status, version: version ?? null, message: message ?? '', ...(hint && { hint }) };
}
