import { type ArgumentMetadata, Injectable, ValidationPipe, type ValidationPipeOptions } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { AppError, type ErrorCode, type FieldProblem } from '../../../common/app-error.js';
import { NULL_AS_MISSING } from '../../../common/fields.js';
import { isJsonObject } from '../../../common/text/json.js';
import { nestingProblems, storageProblems, toStorable } from '../../../common/text/storable.js';

const CHECKED = ['body', 'query', 'param'];
const MAX_REPORTED = 50;
const OPTIONS: ValidationPipeOptions = {
  whitelist: true,
  transform: true,
  // Nulls of fields that may be left out count as left out.
  transformOptions: { groups: [NULL_AS_MISSING] },
  validationError: { target: false, value: false },
  exceptionFactory: (errors) => invalid(flatten(errors)),
};
const STRICT: ValidationPipeOptions = { ...OPTIONS, forbidNonWhitelisted: true, transformOptions: {} };
const strictDtos = new WeakSet<object>();
const repairedDtos = new WeakSet<object>();

/**
 * For DTOs of calls that only Conch has: unknown fields are refused, and so are nulls that no field expects. All other
 * DTOs have the shape of Wegent's calls, whose clients send more fields with each version.
 */
export function RefusesUnknownFields(): ClassDecorator {
  return (dto) => void strictDtos.add(dto);
}

/**
 * For DTOs of callers that forward texts of others: characters that the database cannot store are replaced, not refused,
 * see {@link toStorable}.
 */
export function RepairsTexts(): ClassDecorator {
  return (dto) => void repairedDtos.add(dto);
}

/**
 * Validates and converts requests by their DTO classes. Ignores unknown fields, empty query parameters and nulls of optional
 * fields (but see {@link RefusesUnknownFields}), and refuses texts that the database cannot store (but see
 * {@link RepairsTexts}). Reports all problems together as 422 `validation_failed`.
 */
@Injectable()
export class AppValidationPipe extends ValidationPipe {
  private readonly strict = new ValidationPipe(STRICT);

  constructor() {
    super(OPTIONS);
  }

  override async transform(given: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (!CHECKED.includes(metadata.type)) return super.transform(given, metadata);
    const { metatype, type } = metadata;
    const value = storable(given, metadata);
    const isStrict = metatype !== undefined && strictDtos.has(metatype);
    if (isStrict) return this.strict.transform(value, metadata);

    return super.transform(type === 'query' ? withoutEmpty(value) : value, metadata);
  }
}

function withoutEmpty(query: unknown): unknown {
  return isJsonObject(query) ? Object.fromEntries(Object.entries(query).filter(([, value]) => value !== '')) : query;
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
