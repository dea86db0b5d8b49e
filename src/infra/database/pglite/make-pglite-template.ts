/** Entry point of the build: creates the database that new installations start from. ARGV: its directory. */
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openPglite } from '../database.js';

const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: make-pglite-template DIRECTORY');
const database = await openPglite(directory);
await database.close();
// The account that copies it may be another one, as in the image: Postgres makes its files for itself alone.
for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
  await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
}
