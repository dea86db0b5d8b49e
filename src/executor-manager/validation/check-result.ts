import type { ImageCheck } from '../../common/image-validation.js';
import type { CommandResult } from '../engine/check-container.js';
import type { CheckSpec } from './image-checks.js';
import { type Platforms, programProblem } from './program-problems.js';

/** Status of a process that the kernel has killed (128 + SIGKILL), as it does when memory runs out. */
const KILLED = 137;
const SHOWN_LENGTH = 200;

/** What a command's end says about the image. */
export function evaluateCheck(
  spec: CheckSpec,
  result: CommandResult,
  limitMs: number,
  platforms: Platforms,
): ImageCheck {
  const failure = failureOf(spec, result, limitMs, platforms);
  const version = failure === null ? (spec.version.exec(result.output)?.[1] ?? null) : null;
  const message = failure ?? versionProblem(spec, version, result.output);
  if (message === null) return { name: spec.name, status: 'pass', version, message: `${version ?? ''} will do` };

  return { name: spec.name, status: 'fail', version, message, hint: spec.hint };
}

function failureOf(
  { command }: CheckSpec,
  { ended, exitCode, output }: CommandResult,
  limitMs: number,
  platforms: Platforms,
): string | null {
  const text = command.join(' ');
  if (ended === 'slow') return `"${text}" did not end within ${limitMs / 1000} s`;
  if (ended === 'loud') return `"${text}" printed too much`;
  if (exitCode === 0) return null;
  const problem = programProblem(command[0], output, platforms);
  if (problem !== null) return problem;
  const reason = exitCode === KILLED ? 'was killed, perhaps for want of memory' : `ended with status ${exitCode}`;
  const last = lineOf(output, -1);

  return `"${text}" ${reason}${last === '' ? '' : `: ${last}`}`;
}

function versionProblem({ command, minimum }: CheckSpec, version: string | null, output: string): string | null {
  if (version === null) return `"${command.join(' ')}" printed no version, but "${lineOf(output, 0)}"`;

  return minimum !== null && compareVersions(version, minimum) < 0
    ? `The version is ${version}, at least ${minimum} is needed`
    : null;
}

/** Less than 0 when `a` is older. Parts that are missing count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }

  return 0;
}

function lineOf(output: string, index: number): string {
  const lines = output.split('\n').map((line) => line.trim());

  return (lines.filter((line) => line !== '').at(index) ?? '').slice(0, SHOWN_LENGTH);
}
