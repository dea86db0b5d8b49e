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

/** Null when nothing is known of that shell type. */
export function checksFor(shellType: string): readonly CheckSpec[] | null {
  return Object.hasOwn(IMAGE_CHECKS, shellType) ? (IMAGE_CHECKS[shellType] ?? null) : null;
}
