import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const inRoot = (...parts) => join(ROOT, ...parts);

/** The program of a development dependency. */
export const tool = (name) => inRoot('node_modules', '.bin', name);

/** The first directory of PATH that holds a program; null when none does. */
export function directoryOf(program) {
  return (
    (process.env.PATH ?? '').split(delimiter).find((directory) => directory && existsSync(join(directory, program))) ??
    null
  );
}
