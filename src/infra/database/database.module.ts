import { Global, Logger, Module } from '@nestjs/common';
import { join } from 'node:path';
import { AppConfig } from '../../config/app-config.js';
import { DB, openPglite, openPostgres, type OpenDatabase } from './database.js';

/** DI token of the open database with its life cycle. */
export const DATABASE = Symbol('DATABASE');

/** The database: PGlite or Postgres, by configuration. */
@Global()
@Module({
  providers: [
    {
      provide: DATABASE,
      inject: [AppConfig],
      useFactory: (config: AppConfig): Promise<OpenDatabase> => {
        if (!config.databaseUrl) return openPglite(join(config.dataDir, 'pglite'));
        const log = new Logger('Database');

        return openPostgres(config.databaseUrl, (error) => log.warn(`connection lost: ${error.message}`));
      },
    },
    { provide: DB, inject: [DATABASE], useFactory: (database: OpenDatabase) => database.db },
  ],
  exports: [DB, DATABASE],
})
export class DatabaseModule {}
