import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A new database with the schema of this build, left beside the compiled code by the build; see `scripts/lib/build.mjs`. */
const TEMPLATE = fileURLToPath(new URL('../../../../database-template', import.meta.url));

/**
 * Makes sure that `directory` has a database, as a copy of the build's: creating one takes PGlite seconds of CPU, which
 * every new installation and every test would pay. Without a template (the sources run uncompiled) PGlite creates it.
 * The copy appears whole or not at all, whenever the process is killed.
 */
export async function placePglite(directory: string, template = TEMPLATE): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  if (existsSync(directory) || !existsSync(template)) return;
  const copy = `${directory}.new`;
  // What a process that was killed has left.
  await rm(copy, { recursive: true, force: true });
  await cp(template, copy, { recursive: true });
  await rename(copy, directory);
}
