/**
 * The fields of a DTO as plain code. The libraries behind its decorators take a tenth of what a report of an executor
 * costs; with this they are asked only when something is unusual, and then have the last word.
 */
import { getMetadataStorage } from 'class-validator';

/** Whether a field may have a value: never true for what its decorators refuse. */
export type Check = (value: unknown) => boolean;

type Dto<T> = new () => T;
type Checks = ReadonlyMap<string, Check>;

/** By the DTO's prototype, then by the field's name. Null: only the decorators can tell. */
const noted = new WeakMap<object, Map<string, Check | null>>();
/** By the DTO's class; null for those that cannot be read quickly. */
const complete = new WeakMap<object, Checks | null>();

/** Called by the decorator of a field. */
export function noteCheck(prototype: object, field: string, check: Check | null): void {
  const fields = noted.get(prototype) ?? new Map<string, Check | null>();
  noted.set(prototype, fields.set(field, check));
}

/** The DTO that a body makes, without fields that it does not know; null when that is for the decorators to say. */
export function quickRead<T extends object>(dto: Dto<T>, body: unknown): T | null {
  const checks = checksOf(dto);
  if (!checks || typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const values = body as Record<string, unknown>;
  const read = new dto() as Record<string, unknown>;
  for (const [field, check] of checks) {
    const value = values[field];
    if (!check(value)) return null;
    if (value !== undefined) read[field] = value;
  }

  return read as T;
}

function checksOf(dto: Dto<object>): Checks | null {
  const known = complete.get(dto);
  if (known !== undefined) return known;
  const checks = completeChecks(dto);
  complete.set(dto, checks);

  return checks;
}

/** Null when a field has no check, because it needs a conversion or has no field decorator, or comes from another class. */
function completeChecks(dto: Dto<object>): Checks | null {
  const checks = new Map<string, Check>();
  for (const [field, check] of noted.get(dto.prototype as object) ?? []) if (check) checks.set(field, check);
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', true, false);

  return rules.length > 0 && rules.every(({ propertyName }) => checks.has(propertyName)) ? checks : null;
}
