import type { FieldProblem } from './app-error.js';

const MAX_DEPTH = 32;
const MAX_PROBLEMS = 20;
/** With the `u` flag a pair is one character, so this finds halves only. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Why Postgres cannot store a text, or null: it knows no NUL character and no half of a surrogate pair. */
export function textProblem(text: string): string | null {
  if (text.includes('\0')) return 'must not contain NUL characters';
  if (LONE_SURROGATE.test(text)) return 'must be valid Unicode (it holds half of a surrogate pair)';

  return null;
}

/** A copy of a value in which every text can be stored: what cannot is replaced by U+FFFD, the sign for that. */
export function toStorable<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === 'string' ? part.replaceAll(/\0|\p{Surrogate}/gu, '\uFFFD') : part,
  ) as T;
}

interface Visit {
  path: string;
  value: unknown;
  depth: number;
}

/**
 * Finds what can be stored nowhere in a parsed request: unstorable text (in keys too) and endless nesting.
 * Not recursive, because the request decides how deep it goes.
 */
export function storageProblems(root: unknown): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const pending: Visit[] = [{ path: '', value: root, depth: 0 }];
  while (problems.length < MAX_PROBLEMS) {
    const visit = pending.pop();
    if (!visit) break;
    const message = problemOf(visit);
    if (message) problems.push({ field: visit.path, message });
    else pending.push(...childrenOf(visit, problems));
  }

  return problems;
}

function problemOf({ value, depth }: Visit): string | null {
  if (typeof value === 'string') return textProblem(value);

  return depth > MAX_DEPTH ? `must not be nested deeper than ${MAX_DEPTH} levels` : null;
}

function childrenOf({ path, value, depth }: Visit, problems: FieldProblem[]): Visit[] {
  if (typeof value !== 'object' || value === null) return [];

  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const message = textProblem(key);
    if (message) problems.push({ field: path, message: `a name in it ${message}` });

    return message || isLeaf(child) ? [] : [{ path: path ? `${path}.${key}` : key, value: child, depth: depth + 1 }];
  });
}

function isLeaf(value: unknown): boolean {
  return value === null || (typeof value !== 'string' && typeof value !== 'object');
}
