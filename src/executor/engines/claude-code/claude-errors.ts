/** Failures of `claude`, as run error codes. */
import { asNumber, asText, type JsonObject } from '../../../common/text/json.js';
import type { ProgramEnd } from '../../processes/line-program.js';
import { EngineError } from '../engine.js';
import { providerErrorCode } from '../provider-errors.js';

const ENDS: Readonly<Record<string, string>> = {
  error_max_turns: 'Claude Code has reached its limit of turns',
  error_max_budget_usd: 'Claude Code has reached its limit of costs',
};
/** The session of an earlier turn is not in the workspace any more. */
const SESSION_GONE = /No conversation found with session ID/i;

export function isSessionGone(text: string): boolean {
  return SESSION_GONE.test(text);
}

/** The failure that the last line tells; null when it is a good end. */
export function resultError(result: JsonObject): EngineError | null {
  if (result['is_error'] !== true && result['subtype'] === 'success') return null;
  const errors = Array.isArray(result['errors']) ? result['errors'].filter((each) => typeof each === 'string') : [];
  const subtype = asText(result['subtype']) ?? '';
  const text = asText(result['result']) ?? ENDS[subtype] ?? (errors.join('; ') || `Claude Code ended with ${subtype}`);

  return new EngineError(text, providerErrorCode(asNumber(result['api_error_status']), text));
}

/** The failure of a program that ended without a last line. */
export function crashError({ code, signal, stderr }: ProgramEnd): EngineError {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  // A crash of the program shows its source before the reason.
  const reason = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
  const how = signal === null ? `the exit code ${code}` : `the signal ${signal}`;

  return new EngineError(`Claude Code ended with ${how}${reason === '' ? '' : `: ${reason.trim().slice(0, 500)}`}`);
}
