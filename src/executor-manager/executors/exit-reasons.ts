/** From the end of an executor's container to what becomes of its subtask. Pure. */
import type { ErrorCode } from '../../common/app-error.js';
import type { ContainerState } from '../runtime/container-runtime.js';

/** `fail`: another attempt would end in the same way; `release`: it need not. */
export type ExitVerdict = { kind: 'fail'; code: ErrorCode; message: string } | { kind: 'release'; reason: string };

/** Statuses of shells and init programs for commands that cannot be run. */
const CANNOT_RUN = [126, 127];
const OLD_LIBRARY = /version `(GLIBC(?:XX)?_[\d.]+)' not found/;
const NO_LIBRARY = /error while loading shared libraries: ([^\s:]+)/;
const OTHER_PROCESSOR = /exec format error/i;
const KILLED = 137;
const HOW = 'build it on Debian, Ubuntu or another system with glibc 2.28 or newer';

/**
 * @param state null when the container is gone
 * @param output what its program printed; searched for known messages, and not passed on
 */
export function exitVerdict(state: ContainerState | null, output: string, memoryMb: number): ExitVerdict {
  if (!state) return { kind: 'release', reason: 'The container of the executor was removed' };
  if (state.isOutOfMemory) {
    const message = `The executor ran out of memory: its limit is ${memoryMb} MB (EXECUTOR_MEMORY_MB)`;

    return { kind: 'fail', code: 'executor_failed', message };
  }
  const problem = imageProblem(state.exitCode, output);
  if (problem !== null) return { kind: 'fail', code: 'executor_image_unusable', message: problem };
  if (state.engineReason !== undefined) return { kind: 'release', reason: `The executor ${state.engineReason}` };
  const how = state.exitCode === KILLED ? 'was killed' : `ended with status ${state.exitCode}`;

  return { kind: 'release', reason: `The executor ${how} before its work was done` };
}

function imageProblem(exitCode: number, output: string): string | null {
  if (OTHER_PROCESSOR.test(output))
    return 'The image of the executor is for another processor than that of the engine’s machine';
  const old = OLD_LIBRARY.exec(output)?.[1];
  if (old !== undefined) return `The C library of the image is too old for executors, which need ${old}: ${HOW}`;
  const missing = NO_LIBRARY.exec(output)?.[1];
  if (missing !== undefined)
    return `The image has no ${missing}, which executors need: install the package that contains it`;

  return CANNOT_RUN.includes(exitCode)
    ? `The image cannot run executors: it has no glibc (images of Alpine have musl instead); ${HOW}`
    : null;
}
