import { spawn, spawnSync } from 'node:child_process';
import { ROOT } from './paths.mjs';

/**
 * Runs a program and streams what it prints.
 * @returns its exit status; 1 when a signal ended it or it could not be started
 */
export function stream(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], ...options });
    child.once('error', () => resolve(1));
    child.once('close', (status) => resolve(status ?? 1));
  });
}

/** Runs a program beside others. @returns its exit status, as {@link stream} does, and everything that it printed */
export function collect(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const part of [child.stdout, child.stderr]) part.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ status: 1, output: error.message }));
    child.once('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

/** Runs a program quietly. @returns `{ok, output}`, with everything that it printed */
export function quiet(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });

  return { ok: status === 0, output: error ? error.message : `${stdout}${stderr}`.trim() };
}

/** A call of npm, as a program and its arguments: the npm that runs this script, if one does. */
export function npm(...args) {
  const path = process.env.npm_execpath;

  return path?.endsWith('.js') ? [process.execPath, [path, ...args]] : ['npm', args];
}
