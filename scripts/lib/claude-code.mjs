import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { npm, quiet } from './command.mjs';
import { say, UserError } from './log.mjs';
import { inRoot } from './paths.mjs';

/** The version that the executor was written for. */
const VERSION = '2.1.197';
const CACHE = inRoot('.cache', `claude-code-${VERSION}`);
/** npm puts the program for this machine beside the package, in one of its own. */
const SCOPE = join(CACHE, 'node_modules', '@anthropic-ai');

/**
 * Makes sure that there is the program Claude Code for the tests of the executor: 235 MB, so it is no dependency.
 * @returns its path
 */
export function ensureClaudeCode() {
  if (process.env.CLAUDE_CODE) return process.env.CLAUDE_CODE;
  const found = findProgram();
  if (found) return found;
  say(`Installing Claude Code ${VERSION} for the tests (npm) ...`);
  mkdirSync(CACHE, { recursive: true });
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', CACHE];
  // In its own directory: npm must not take the workspace of this project for the one to install into.
  const { output } = quiet(...npm('install', ...options, `@anthropic-ai/claude-code@${VERSION}`), { cwd: CACHE });
  const program = findProgram();
  if (program) return program;
  throw new UserError(
    `Claude Code could not be installed from the npm registry. Set CLAUDE_CODE to the path of the program.\n${output}`,
  );
}

function findProgram() {
  if (!existsSync(SCOPE)) return null;
  const programs = readdirSync(SCOPE).map((name) => join(SCOPE, name, 'claude'));

  return programs.find((path) => existsSync(path)) ?? null;
}
