import { type ArgumentMetadata, Injectable, ValidationPipe, type ValidationPipeOptions } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { AppError, type ErrorCode, type FieldProblem } from '../../common/app-error.js';
import { storageProblems } from '../../common/storable.js';

const CHECKED = ['body', 'query', 'param'];
const MAX_REPORTED = 50;
const OPTIONS: ValidationPipeOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  transform: true,
  validationError: { target: false, value: false },
  exceptionFactory: (errors) => invalid(flatten(errors)),
};
const lenientDtos = new WeakSet<object>();

/** For DTOs of callers that know more fields than we do: unknown ones are dropped in place of a refusal. */
export function DropsUnknownFields(): ClassDecorator {
  return (dto) => void lenientDtos.add(dto);
}

/**
 * Checks and converts what a request brings, by its DTO class: unknown fields are refused (see
 * {@link DropsUnknownFields}), and so is what the database cannot store. Every problem is reported at once as 422
 * `validation_failed`.
 */
@Injectable()
export class AppValidationPipe extends ValidationPipe {
  private readonly lenient = new ValidationPipe({ ...OPTIONS, forbidNonWhitelisted: false });

  constructor() {
    super(OPTIONS);
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (!CHECKED.includes(metadata.type)) return super.transform(value, metadata);
    const problems = storageProblems(value);
    if (problems.length > 0) {
      throw invalid(
        problems.map((problem) => ({ ...problem, field: problem.field || (metadata.data ?? metadata.type) })),
      );
    }

    return metadata.metatype && lenientDtos.has(metadata.metatype)
      ? this.lenient.transform(value, metadata)
      : super.transform(value, metadata);
  }
}

/** The reply for a list of problems, 422 unless another code tells more; its message names the first one. */
export function invalid(problems: readonly FieldProblem[], code: ErrorCode = 'validation_failed'): AppError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const message = first ? `${withField(first)}${more}` : 'The request is invalid';

  return new AppError(code, message, { errors: problems.slice(0, MAX_REPORTED) });
}

function withField({ field, message }: FieldProblem): string {
  const name = field.split('.').at(-1) ?? field;

  return message.includes(name) ? message : `${field} ${message}`;
}

function flatten(errors: ValidationError[], parent = ''): FieldProblem[] {
  return errors.flatMap((error) => {
    const field = parent ? `${parent}.${error.property}` : error.property;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ field, message }));

    return [...own, ...flatten(error.children ?? [], field)];
  });
}
