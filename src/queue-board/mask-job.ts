import { isJsonObject } from '../common/text/json.js';

/** Longer texts of jobs are words of users, or of those that answer them. */
const MAX_SHOWN = 100;
/** Fields that hold such words however short they are, with all below. */
const WORDS = new Set(['result', 'terminal', 'errorMessage', 'taskTitle', 'subtaskTitle', 'prompt', 'content', 'text']);
/** Deeper parts are not shown. */
const MAX_DEPTH = 8;

/**
 * Returns the data of a job as admins may see it: ids, states and counts, but not what users and models wrote. Reports wait
 * in queues with their whole answer.
 */
export function maskJob(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > MAX_SHOWN ? hidden(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '(hidden)';
  if (Array.isArray(value)) return value.map((each) => maskJob(each, depth + 1));

  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, WORDS.has(name) ? hidden(each) : maskJob(each, depth + 1)]),
  );
}

function hidden(value: unknown): unknown {
  if (typeof value === 'string') return `(hidden: ${value.length} characters)`;
  if (Array.isArray(value) || isJsonObject(value)) return '(hidden)';

  return value;
}
