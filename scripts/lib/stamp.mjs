/** What something was made from: a hash of its sources, written beside it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './paths.mjs';

/**
 * Lists the files below a directory, as sorted paths from the root.
 * @param isSkipped decides about files and whole directories
 */
export function filesIn(directory, isSkipped) {
  return readdirSync(inRoot(directory), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (isSkipped(path)) return [];

      return entry.isDirectory() ? filesIn(path, isSkipped) : [path];
    })
    .sort();
}

/** Contents, not times: switching branches back and forth builds nothing. */
export function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(inRoot(file)))
      .update('\0');
  }

  return hash.digest('hex');
}

/** @returns null when there is none */
export function readStamp(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
