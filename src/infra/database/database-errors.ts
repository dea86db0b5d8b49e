import { AppError, errorCode } from '../../common/app-error.js';
import { isJsonObject } from '../../common/text/json.js';

/** Meanings of the errors of node-postgres and PGlite, also as causes of Drizzle's. */
const UNIQUE_VIOLATION = '23505';
/** Data exceptions: a value that does not fit its column or type. */
const BAD_DATA = /^22/;
/** Connection exceptions, shutdowns and too many connections, by SQLSTATE class or code. */
const DOWN_STATES = /^(08|57P0[1-3]|53300)/;
const DOWN_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);
const DOWN_MESSAGES = /Connection terminated|timeout exceeded when trying to connect/i;

/** Whether a row with the same unique key exists already. */
export function isUniqueViolation(error: unknown): boolean {
  return causes(error).some(({ code }) => code === UNIQUE_VIOLATION);
}

/** Whether a query failed because of what was to be stored: it fails again however often it is tried. */
export function isBadData(error: unknown): boolean {
  return causes(error).some(({ code }) => BAD_DATA.test(code));
}

/**
 * Runs a write of a unique name.
 * @throws AppError conflict with the message, when the name exists
 */
export async function orConflict<T>(message: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError('conflict', message, { cause: error });
  }
}

/** Whether a query failed because the database does not answer. */
export function isDatabaseDown(error: unknown): boolean {
  const chain = causes(error);
  if (!chain.some(({ name }) => name === 'DrizzleQueryError')) return false;

  return chain.some(
    ({ code, message }) => DOWN_STATES.test(code) || DOWN_CODES.has(code) || DOWN_MESSAGES.test(message),
  );
}

/** Formats an error as one line for the log. Drizzle's own message contains the query's parameters, texts of users. */
export function logLine(error: unknown): string {
  const [first, ...rest] = causes(error);
  if (!first) return String(error);

  return isQueryError(first) ? `query failed: ${rest[0]?.message ?? 'unknown reason'}` : first.message;
}

function isQueryError(error: Error): boolean {
  return error.name === 'DrizzleQueryError' || error.constructor.name === 'DrizzleQueryError';
}

function causes(error: unknown): { name: string; message: string; code: string }[] {
  const chain = [];
  for (let cause = error; isJsonObject(cause) && chain.length < 8; cause = cause.cause) {
    chain.push({ name: cause.constructor.name, message: String(cause.message), code: errorCode(cause) ?? '' });
  }

  return chain;
}
