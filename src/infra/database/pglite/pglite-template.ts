import { cpSync, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A new database with the schema of this build, created by the build; see `scripts/lib/build.mjs`. */
const TEMPLATE = fileURLToPath(new URL('../../../../database-template', import.meta.url));

/**
 * Copies the template of the build to `directory` unless it has a database: creating one costs PGlite seconds of CPU.
 * Without a template (the sources run uncompiled) PGlite creates it. The copy is atomic, also when the process is killed.
 */
export async function placePglite(directory: string, template = TEMPLATE): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  if (existsSync(directory) || !existsSync(template)) return;
  const copy = `${directory}.new`;
  // A partial copy of a killed process.
  await rm(copy, { recursive: true, force: true });
  // A thousand small files: by promises they take three times as long, and nothing else runs yet.
  cpSync(template, copy, { recursive: true });
  await rename(copy, directory);
}
