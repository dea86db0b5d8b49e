import type { FieldProblem } from '../app-error.js';
import { isJsonObject } from './json.js';

const MAX_DEPTH = 32;
const MAX_PROBLEMS = 20;

/** Why Postgres cannot store a text, or null: it knows no NUL character and no half of a surrogate pair. */
export function textProblem(text: string): string | null {
  if (text.includes('\0')) return 'must not contain NUL characters';
  if (!text.isWellFormed()) return 'must be valid Unicode (it holds half of a surrogate pair)';

  return null;
}

/** A text in which U+FFFD replaces what cannot be stored. */
export function storableText(text: string): string {
  return textProblem(text) === null ? text : repaired(text);
}

/** The value itself if all its texts can be stored, else what {@link toStorable} makes of it. */
export function asStorable<T>(value: T): T {
  return isStorable(value, 0) ? value : toStorable(value);
}

/**
 * Returns a copy of a value in which every text can be stored, names too: U+FFFD replaces characters that cannot.
 */
export function toStorable<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => {
    if (typeof part === 'string') return repaired(part);
    if (!isJsonObject(part) || Object.keys(part).every((name) => textProblem(name) === null)) return part;

    return Object.fromEntries(Object.entries(part).map(([name, each]) => [repaired(name), each]));
  }) as T;
}

const repaired = (text: string) => text.replaceAll(/\0|\p{Surrogate}/gu, '\uFFFD');

interface Visit {
  path: string;
  value: unknown;
  depth: number;
}

/** What is wrong with a text, or null. */
type TextRule = (text: string) => string | null;

/** Finds parts of a parsed request that cannot be stored: unstorable text (in keys too) and endless nesting. */
export function storageProblems(root: unknown): FieldProblem[] {
  return isStorable(root, 0) ? [] : problemsIn(root, textProblem);
}

/** The fast path without paths of fields. Recursive, but no deeper than what is allowed. */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return textProblem(value) === null;
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((each) => isStorable(each, depth + 1));

  return Object.entries(value).every(([name, each]) => textProblem(name) === null && isStorable(each, depth + 1));
}

/** Finds endless nesting only, which {@link toStorable} cannot repair. */
export function nestingProblems(root: unknown): FieldProblem[] {
  return problemsIn(root, () => null);
}

/** Not recursive, because the request decides how deep it goes. */
function problemsIn(root: unknown, rule: TextRule): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const pending: Visit[] = [{ path: '', value: root, depth: 0 }];
  while (problems.length < MAX_PROBLEMS) {
    const visit = pending.pop();
    if (!visit) break;
    const message = problemOf(visit, rule);
    if (message) problems.push({ field: visit.path, message });
    else pending.push(...childrenOf(visit, rule, problems));
  }

  return problems;
}

function problemOf({ value, depth }: Visit, rule: TextRule): string | null {
  if (typeof value === 'string') return rule(value);

  return depth > MAX_DEPTH ? `must not be nested deeper than ${MAX_DEPTH} levels` : null;
}

function childrenOf({ path, value, depth }: Visit, rule: TextRule, problems: FieldProblem[]): Visit[] {
  if (typeof value !== 'object' || value === null) return [];

  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const message = rule(key);
    if (message) problems.push({ field: path, message: `a name in it ${message}` });

    return message || isLeaf(child) ? [] : [{ path: path ? `${path}.${key}` : key, value: child, depth: depth + 1 }];
  });
}

function isLeaf(value: unknown): boolean {
  return value === null || (typeof value !== 'string' && typeof value !== 'object');
}
