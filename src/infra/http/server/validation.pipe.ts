import { type ArgumentMetadata, Injectable, ValidationPipe, type ValidationPipeOptions } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { AppError, type ErrorCode, type FieldProblem } from '../../../common/app-error.js';
import { nestingProblems, storageProblems, toStorable } from '../../../common/text/storable.js';

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
const repairedDtos = new WeakSet<object>();

/** For DTOs of callers that may send more fields: unknown ones are ignored, not refused. */
export function DropsUnknownFields(): ClassDecorator {
  return (dto) => void lenientDtos.add(dto);
}

/**
 * For DTOs of callers that forward texts of others: characters that the database cannot store are replaced, not refused,
 * see {@link toStorable}.
 */
export function RepairsTexts(): ClassDecorator {
  return (dto) => void repairedDtos.add(dto);
}

/**
 * Validates and converts requests by their DTO classes. Refuses unknown fields (see {@link DropsUnknownFields}) and texts
 * that the database cannot store (see {@link RepairsTexts}). Reports all problems together as 422 `validation_failed`.
 */
@Injectable()
export class AppValidationPipe extends ValidationPipe {
  private readonly lenient = new ValidationPipe({ ...OPTIONS, forbidNonWhitelisted: false });

  constructor() {
    super(OPTIONS);
  }

  override async transform(given: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (!CHECKED.includes(metadata.type)) return super.transform(given, metadata);
    const { metatype } = metadata;
    const value = storable(given, metadata);
    const isLenient = metatype !== undefined && lenientDtos.has(metatype);

    return isLenient ? this.lenient.transform(value, metadata) : super.transform(value, metadata);
  }
}

/** @throws AppError validation_failed */
function storable(value: unknown, { metatype, type, data }: ArgumentMetadata): unknown {
  const problems = storageProblems(value);
  if (problems.length === 0) return value;
  const isRepaired = metatype !== undefined && repairedDtos.has(metatype);
  const fatal = isRepaired ? nestingProblems(value) : problems;
  if (fatal.length === 0) return toStorable(value);
  throw invalid(fatal.map((problem) => ({ ...problem, field: problem.field || (data ?? type) })));
}

/** Returns the error for a list of problems; its message names the first one. */
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
