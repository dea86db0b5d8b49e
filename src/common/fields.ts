/**
 * Field decorators for DTOs: each joins the class-validator rules of one kind of field with what Swagger shows of them.
 * The description of a field is its doc comment, which the Swagger plugin reads.
 */
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, type TransformFnParams, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

/** Group of transformations in which the null of an optional field that is not nullable counts as left out. */
export const NULL_AS_MISSING = 'null-as-missing';

/** Largest integer that an id column holds. */
export const MAX_ID = 2_147_483_647;

export interface FieldOptions {
  /** May be left out. Null is refused all the same, unless `nullable`, or in the group {@link NULL_AS_MISSING}. */
  optional?: boolean;
  nullable?: boolean;
  example?: unknown;
  default?: unknown;
}

interface RangeOptions extends FieldOptions {
  min?: number;
  max?: number;
  /** The value comes from a query string. */
  query?: boolean;
}

interface TextOptions extends FieldOptions {
  min?: number;
  max: number;
  pattern?: RegExp;
  /** What the pattern wants, in words. */
  patternMessage?: string;
  /** Shown as write-only: it never comes back in clear. */
  secret?: boolean;
}

/** Text of `min` (default 1) to `max` characters. */
export function TextField(options: TextOptions): PropertyDecorator {
  const { min = 1, max, pattern, patternMessage, secret } = options;
  const rules = [IsString(), Length(min, max)];
  if (pattern) rules.push(Matches(pattern, patternMessage ? { message: `$property ${patternMessage}` } : {}));
  const shown = {
    ...{ type: String, minLength: min, maxLength: max },
    ...(pattern && { pattern: pattern.source }),
    ...(secret && { writeOnly: true }),
  };

  return field(options, rules, shown);
}

/** A whole number, by default one that an integer column can hold. */
export function IntField(options: RangeOptions = {}): PropertyDecorator {
  const { min = -MAX_ID, max = MAX_ID } = options;
  const shown = { type: 'integer', minimum: min, maximum: max } as const;

  return field(options, [IsInt(), Min(min), Max(max)], shown, fromQuery(options, toNumber));
}

/** A positive id. */
export function IdField(options: FieldOptions = {}): PropertyDecorator {
  return IntField({ ...options, min: 1 });
}

/** A finite number. */
export function NumberField(options: RangeOptions & { min: number; max: number }): PropertyDecorator {
  const { min, max } = options;

  const shown = { type: Number, minimum: min, maximum: max };

  return field(options, [IsNumber(), Min(min), Max(max)], shown, fromQuery(options, toNumber));
}

/** A boolean; from a query string also `1` and `0`. */
export function BoolField(options: FieldOptions & { query?: boolean } = {}): PropertyDecorator {
  return field(options, [IsBoolean()], { type: Boolean }, fromQuery(options, toBoolean));
}

/** One of a list of texts. */
export function EnumField(values: readonly string[], options: FieldOptions = {}): PropertyDecorator {
  const rules = [IsIn(values, { message: `$property must be one of: ${values.join(', ')}` })];

  return field(options, rules, { type: String, enum: [...values] });
}

/**
 * A JSON object of unknown fields, unchanged: class-transformer loses fields like `valueOf`. At most `maxBytes` of JSON, as
 * lists contain it.
 */
export function ObjectField(options: FieldOptions & { maxBytes?: number } = {}): PropertyDecorator {
  const shown = { type: 'object', additionalProperties: true } as const;
  const rules = [IsObject(), ...(options.maxBytes === undefined ? [] : [MaxJsonBytes(options.maxBytes)])];

  return field(options, rules, shown, [Transform(asGiven)]);
}

function MaxJsonBytes(maxBytes: number): PropertyDecorator {
  // In a list, because of undefined, which has no JSON of its own.
  const validate = (value: unknown) => Buffer.byteLength(JSON.stringify([value])) - 2 <= maxBytes;
  const defaultMessage = () => `$property must have at most ${maxBytes} bytes of JSON`;

  return ValidateBy({ name: 'maxJsonBytes', validator: { validate, defaultMessage } });
}

interface ListOptions extends FieldOptions {
  minItems?: number;
  maxItems: number;
}

/** A list of texts of 1 to `max` characters. */
export function TextListField(options: ListOptions & { max: number }): PropertyDecorator {
  const { max } = options;

  return field(options, [...listRules(options), IsString({ each: true }), Length(1, max, { each: true })], {
    type: [String],
    maxItems: options.maxItems,
  });
}

/** A list of objects of one DTO class. */
export function NestedListField(type: () => new () => object, options: ListOptions): PropertyDecorator {
  const shown = { type: () => [type()] as never, maxItems: options.maxItems };

  return field(options, [...listRules(options), IsObject({ each: true }), ValidateNested({ each: true })], shown, [
    Type(type),
  ]);
}

/** An object of one DTO class. */
export function NestedField(type: () => new () => object, options: FieldOptions = {}): PropertyDecorator {
  return field(options, [IsObject(), ValidateNested()], { type: () => type() as never }, [Type(type)]);
}

function listRules({ minItems = 0, maxItems }: ListOptions): PropertyDecorator[] {
  return [IsArray(), ArrayMinSize(minItems), ArrayMaxSize(maxItems)];
}

/** @param conversions decorators of class-transformer */
function field(
  options: FieldOptions,
  rules: PropertyDecorator[],
  shown: ApiPropertyOptions,
  conversions: PropertyDecorator[] = [],
): PropertyDecorator {
  const { optional = false, nullable = false, example } = options;
  const isMissing = (value: unknown) => (optional && value === undefined) || (nullable && value === null);
  const present = ValidateIf((_object, value) => !isMissing(value));
  const swagger = {
    ...shown,
    required: !optional,
    ...(nullable && { nullable }),
    ...(example !== undefined && { example }),
    ...(options.default !== undefined && { default: options.default }),
  } as ApiPropertyOptions;

  // The conversion that is registered first is applied last.
  const last = optional && !nullable ? [Transform(nullAsMissing, { groups: [NULL_AS_MISSING] })] : [];

  return applyDecorators(present, ...rules, ...last, ...conversions, ApiProperty(swagger));
}

function nullAsMissing({ value }: TransformFnParams): unknown {
  return value === null ? undefined : value;
}

function asGiven({ obj, key }: TransformFnParams): unknown {
  return (obj as Record<string, unknown>)[key];
}

function fromQuery(options: { query?: boolean }, convert: (value: unknown) => unknown): PropertyDecorator[] {
  return options.query ? [Transform(({ value }) => convert(value))] : [];
}

const toNumber = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value);

function toBoolean(value: unknown): unknown {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;

  return value;
}
