import { DeadlineError, within } from '../../common/within.js';
import { engineFailure, EngineTrouble } from './engine-errors.js';

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
