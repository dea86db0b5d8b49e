import type { ImageCheck } from '../../common/contracts/image-validation.js';
import type { CommandResult } from '../runtime/check-runtime.js';
import { type Platforms, programProblem } from './program-problems.js';
import { firstPart } from '../../common/text/text-cut.js';

/** What an image must hold for each runtime. docs/images.md says the same in words. */

/** One command that has to work in the image. */
export interface CheckSpec {
  name: string;
  command: readonly [program: string, ...rest: string[]];
  /** Finds the version in what the command prints, as its first group. */
  version: RegExp;
  /** The lowest version that will do; null when any does. */
  minimum: string | null;
  /** How to mend an image that fails. */
  hint: string;
}

const PYTHON: CheckSpec = {
  name: 'python3',
  command: ['python3', '--version'],
  version: /Python (\d+(?:\.\d+)+)/,
  minimum: '3.12.0',
  hint: 'Debian 13, Ubuntu 24.04 and Alpine 3.21 have it (install python3); else build on an image of python:3.12 or newer',
};
const NODE: CheckSpec = {
  name: 'node',
  command: ['node', '--version'],
  version: /v(\d+(?:\.\d+)+)/,
  minimum: '20.0.0',
  hint: 'Build on an image of node:20 or newer, or copy /usr/local from one with the same C library',
};
const CLAUDE: CheckSpec = {
  name: 'claude',
  command: ['claude', '--version'],
  version: /(\d+(?:\.\d+)+)/,
  minimum: null,
  hint: 'RUN npm install -g @anthropic-ai/claude-code, for all users',
};
const SQLITE: CheckSpec = {
  name: 'sqlite3',
  command: ['sqlite3', '--version'],
  version: /(\d+(?:\.\d+)+)/,
  minimum: '3.50.0',
  hint: 'Packages of distributions are often older: build it from the source at sqlite.org, see docs/images.md',
};

/** By shell type. Types that are not listed run in no image. */
export const IMAGE_CHECKS: Readonly<Record<string, readonly CheckSpec[]>> = {
  ClaudeCode: [NODE, CLAUDE, SQLITE, PYTHON],
  Agno: [PYTHON],
};

/** The checks for a shell type; null when it is unknown. */
export function checksFor(shellType: string): readonly CheckSpec[] | null {
  return Object.hasOwn(IMAGE_CHECKS, shellType) ? (IMAGE_CHECKS[shellType] ?? null) : null;
}

/** Status of a process that the kernel has killed (128 + SIGKILL), as it does when memory runs out. */
const KILLED = 137;
const SHOWN_LENGTH = 200;

/** Returns the result of a check from what its command did. */
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

  return firstPart(lines.filter((line) => line !== '').at(index) ?? '', SHOWN_LENGTH);
}
