import { errorCode } from '../../../common/app-error.js';
import { DeadlineError, within } from '../../../common/async/within.js';
import { DISK_FULL, MISSING, OTHER_PLATFORM, REFUSED, REGISTRY_DOWN } from '../../../common/text/engine-words.js';
import { firstPart } from '../../../common/text/text-cut.js';
import { EngineTrouble, ImageProblem } from '../runtime-errors.js';

/** Of the socket of the engine itself; what the engine says of the network comes as text. */
const SOCKET_CODES = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES', 'EPERM', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
const DAMAGED = /unsupported|invalid tar header|archive\/tar|invalid (image|manifest)|not a valid/i;

/**
 * What a failed pull says about the image, or about the way to it: in fixed words, as those of the engine name internal
 * addresses and what answers there. @param platform of the engine
 */
export function pullFailure(error: unknown, image: string, platform: string): ImageProblem | EngineTrouble {
  const text = engineText(error);
  const general = generalTrouble(error, text);
  if (general) return general;
  if (OTHER_PLATFORM.test(text))
    return new ImageProblem(`${image} has no variant for the engine's platform, ${platform}`);
  if (REFUSED.test(text)) {
    return new ImageProblem(
      `The registry of ${image} refuses access: there is no such image, or its credentials are missing or wrong`,
    );
  }
  if (MISSING.test(text)) return new ImageProblem(`${image} was not found in its registry`);
  if (REGISTRY_DOWN.test(text))
    return new EngineTrouble('registry_unavailable', `The registry of ${image} does not answer as it should`);
  if (DAMAGED.test(text)) return new ImageProblem(`The engine cannot unpack ${image}`);

  return new EngineTrouble('internal', `${image} could not be pulled; the log of the executor manager says why`);
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

/** Returns the engine's own words for what has failed: for the log and for conclusions, not for replies. */
export function engineWords(error: unknown): string {
  return engineText(error instanceof EngineTrouble && error.cause !== undefined ? error.cause : error);
}

/** The engine's own words in one line; dockerode puts the status before them. */
function engineText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);

  const text = message.replace(/^\(HTTP code \d+\) [^-]*- /, '').replaceAll(/\s+/g, ' ');

  return firstPart(text.trim(), 500);
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
