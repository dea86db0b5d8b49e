import { errorCode } from '../../../common/app-error.js';
import { DeadlineError, within } from '../../../common/async/within.js';
import { DISK_FULL } from '../../../common/text/engine-words.js';
import { pullProblem } from '../pull-problems.js';
import { EngineTrouble, engineText, type ImageProblem } from '../runtime-errors.js';

/** Of the socket of the engine itself; what the engine says of the network comes as text. */
const SOCKET_CODES = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES', 'EPERM', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** What a failed pull says about the image, or about the way to it. @param platform of the engine */
export function pullFailure(error: unknown, image: string, platform: string): ImageProblem | EngineTrouble {
  const text = engineText(error);

  return generalTrouble(error, text) ?? pullProblem(text, image, platform);
}

/** What a failed call of the engine means when it does not say anything about the image. */
export function engineFailure(error: unknown): EngineTrouble {
  if (error instanceof EngineTrouble) return error;
  const text = engineText(error);

  return (
    generalTrouble(error, text) ??
    new EngineTrouble('internal', 'The container engine failed; the log of the executor manager says why', {
      cause: error,
    })
  );
}

function generalTrouble(error: unknown, text: string): EngineTrouble | null {
  if (DISK_FULL.test(text))
    return new EngineTrouble('disk_full', 'The container engine has no room left', { cause: error });
  const code = errorCode(error);
  if (code !== undefined && (SOCKET_CODES.has(code) || text === 'socket hang up'))
    return new EngineTrouble('engine_unavailable', `The container engine does not answer (${code})`, { cause: error });

  return null;
}

/** HTTP status of the engine's reply; undefined when there was none. */
export function engineStatus(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;

  return typeof status === 'number' ? status : undefined;
}

/** Longer than a busy engine needs for anything but a pull. */
const PATIENCE_MS = 60_000;
const LATE = 'The container engine does not answer';

/** Waits for a call of the engine. @throws EngineTrouble, with the engine's error as its cause */
export async function engineCall<T>(work: Promise<T>): Promise<T> {
  try {
    return await within(PATIENCE_MS, LATE, work);
  } catch (error) {
    throw error instanceof DeadlineError ? new EngineTrouble('engine_unavailable', LATE) : engineFailure(error);
  }
}
