import { within } from '../../common/within.js';
import { engineFailure, EngineTrouble } from './engine-errors.js';

/** Longer than a busy engine needs for anything but a pull. */
const PATIENCE_MS = 60_000;

/** Waits for a call of the engine. @throws EngineTrouble, with the engine's error as its cause */
export async function engineCall<T>(work: Promise<T>): Promise<T> {
  let hasSettled = false;
  const settled = work.finally(() => (hasSettled = true));
  try {
    return await within(PATIENCE_MS, 'The container engine does not answer', settled);
  } catch (error) {
    if (!hasSettled) throw new EngineTrouble('engine_unavailable', (error as Error).message);
    throw engineFailure(error);
  }
}
