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
