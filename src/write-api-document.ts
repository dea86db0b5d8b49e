import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { writeFileSync } from 'node:fs';
import { apiDocumentOf } from './api-document.js';
import { AppModule } from './app.module.js';
import { toAppConfig, validateEnvironment } from './config/app-config.js';
import { AppConfigModule } from './config/config.module.js';
import { EmbeddedParts } from './infra/embedded/embedded.module.js';
import { createAdapter } from './infra/http/server/configure-http.js';

/**
 * Writes the OpenAPI document of the server to the file that the first argument names. The modules are only read
 * (Nest's preview mode): no database, no Redis, no port.
 */
async function main(file: string): Promise<void> {
  const config = toAppConfig(validateEnvironment({}));
  const configuration = { config, module: AppConfigModule.for(config) };
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.for(configuration, EmbeddedParts.none()),
    createAdapter(),
    { preview: true, logger: ['error', 'warn'], abortOnError: false },
  );
  app.setGlobalPrefix('api');
  writeFileSync(file, JSON.stringify(await apiDocumentOf(app), null, 2));
}

const [file] = process.argv.slice(2);
if (!file) throw new Error('usage: node dist/src/write-api-document.js FILE');
await main(file);
