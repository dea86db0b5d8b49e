import { join, resolve } from 'node:path';
import { type OpenDatabase, openPglite } from '../../../src/infra/database/database.js';
import { temporaryDirectory } from '../child.js';

const TEMPLATE = join(resolve(process.env['CONCH_DIST'] ?? 'dist'), 'database-template');

/** An empty embedded database with the schema of the migrations. It is gone when it is closed. */
export async function openTestDatabase(): Promise<OpenDatabase> {
  const directory = temporaryDirectory('database');
  const database = await openPglite(join(directory.path, 'pglite'), TEMPLATE);

  return {
    ...database,
    close: async () => {
      await database.close();
      await directory.remove();
    },
  };
}
