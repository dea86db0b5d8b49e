import { type ChildProcess, spawn } from 'node:child_process';
import { errorCode } from '../../common/app-error.js';
import { lastPart } from '../../common/text/text-cut.js';

const MAX_STDERR = 16 * 1024;
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_OUTPUT = 1024 * 1024;

/** A failed call of git. Its message may hold what git has said, and so secrets. */
export class GitError extends Error {}

/** How git is called. */
export interface GitOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Bytes of output that are kept; git is ended when it has more. */
  maxOutput?: number;
}

/** What git has written. */
export interface GitOutput {
  text: string;
  /** There was more than what is kept. */
  isCut: boolean;
}

/**
 * Settings of a repository that an engine may have changed must not make git run programs for the executor; and the owner
 * of a volume may be another user.
 */
const SAFE = [
  ...['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'commit.gpgSign=false'],
  ...['-c', 'core.pager=cat', '-c', 'diff.external=', '-c', 'safe.directory=*', '-c', 'core.quotePath=false'],
];
/** Never asks a person; errors in English; no settings from the home directory, where engines can write. */
const ENVIRONMENT = {
  ...{ GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', SSH_ASKPASS: '', LC_ALL: 'C' },
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** Runs git. @throws GitError with the last lines of stderr; the signal's reason when it is aborted */
export async function git(args: readonly string[], options: GitOptions): Promise<GitOutput> {
  const { cwd, env, signal, timeoutMs = DEFAULT_TIMEOUT_MS, maxOutput = DEFAULT_MAX_OUTPUT } = options;
  signal?.throwIfAborted();
  const child = spawn('git', [...SAFE, ...args], {
    ...{ cwd, env: { ...env, ...ENVIRONMENT }, timeout: timeoutMs },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (size < maxOutput) chunks.push(chunk.subarray(0, maxOutput - size));
    size += chunk.length;
    if (size > maxOutput) child.kill();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr = lastPart(stderr + chunk.toString('utf8'), MAX_STDERR)));
  const [code, killedBy] = await endOf(child).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
  const isCut = size > maxOutput;
  if (code !== 0 && !isCut) {
    const problem = killedBy ? `took longer than ${timeoutMs / 1000} s` : `ended with ${code}`;
    throw new GitError(stderr.trim() || `git ${args[0] ?? ''} ${problem}`);
  }

  return { text: Buffer.concat(chunks).toString('utf8'), isCut };
}

function endOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(errorCode(error) === 'ENOENT' ? new GitError('there is no git in the image') : error);
    });
    child.once('close', (status, by) => resolve([status, by]));
  });
}
