import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { withinOr } from '../../common/async/within.js';
import { lastPart } from '../../common/text/text-cut.js';
import { LineSplitter } from './line-splitter.js';
import { ProcessGroup, RUN_VARIABLE } from './process-group.js';

/** Units of a line; a file that a tool has read stands in one. */
const MAX_LINE = 8 * 1024 * 1024;
/** Units of stderr that are kept: its end says why a program failed. */
const MAX_STDERR = 8 * 1024;
const GRACE_MS = 3000;

/** How a program is started. */
export interface ProgramOptions {
  program: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** What it reads from stdin. */
  input: string;
  /** Ends it, and everything that it has started. */
  signal: AbortSignal;
  onLine: (line: string) => void;
  /** A line was longer than 8 MiB, and is lost. */
  onSkippedLine?: () => void;
  graceMs?: number;
}

/** How a program ended. */
export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of stderr. */
  stderr: string;
}

/** A program could not be started, for example because the image does not have it. */
export class ProgramMissingError extends Error {}

/**
 * Runs a program that writes lines to stdout. It leads a process group of its own; nothing of it is left running when
 * this resolves.
 * @throws ProgramMissingError
 */
export async function runLineProgram(options: ProgramOptions): Promise<ProgramEnd> {
  const { program, args, cwd, env, input, signal, graceMs = GRACE_MS } = options;
  const mark = randomUUID();
  const child = spawn(program, args, {
    ...{ cwd, env: { ...env, [RUN_VARIABLE]: mark } },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const group = new ProcessGroup(child, mark, graceMs);
  const splitter = new LineSplitter(options.onLine, MAX_LINE, options.onSkippedLine ?? (() => undefined));
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => splitter.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => (stderr = lastPart(stderr + chunk.toString('utf8'), MAX_STDERR)));
  // A program that ends before it has read its input is told by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const stop = () => void group.end();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const closed = new Promise((resolve) => child.once('close', resolve));
    const [code, ended] = await exitOf(child, program);
    // What it started in the background may keep its output open: it ends with the turn.
    await group.end();
    await withinOr(graceMs, undefined, closed);
    splitter.end();

    return { code, signal: ended, stderr: stderr.trim() };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function exitOf(child: ReturnType<typeof spawn>, program: string): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid === undefined) reject(new ProgramMissingError(`${program}: ${error.message}`));
    });
    child.once('exit', (code, signal) => resolve([code, signal]));
  });
}
