import type { Labels } from '../container-runtime.js';
import { engineStatus } from './engine-errors.js';

/** Labels as a filter of the engine; an empty value asks for any. */
export const filterOf = (labels: Labels) => ({
  label: Object.entries(labels).map(([name, value]) => (value === '' ? name : `${name}=${value}`)),
});

/** @returns null for what the engine does not have */
export async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (engineStatus((error as Error).cause) === 404) return null;
    throw error;
  }
}
