/** Entry point of the build: creates the database that new installations start from. ARGV: its directory. */
import { openPglite } from '../database.js';

const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: make-pglite-template DIRECTORY');
const database = await openPglite(directory);
await database.close();
