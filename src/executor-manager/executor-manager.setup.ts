import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AppConfig } from '../config/app-config.js';
import { configureHttp, createAdapter } from '../infra/http/server/configure-http.js';
import { createLogger } from '../infra/logger.js';
import { ExecutorManagerModule } from './executor-manager.module.js';

/** Builds the executor manager, ready to listen; `stop` removes its containers first. */
export async function buildExecutorManager(
  config: AppConfig,
): Promise<{ app: NestFastifyApplication; stop: () => Promise<void> }> {
  const app = await NestFactory.create<NestFastifyApplication>(ExecutorManagerModule.for(config), createAdapter(), {
    logger: createLogger(config, 'ExecutorManager'),
    abortOnError: false,
    forceCloseConnections: true,
  });
  configureHttp(app, '');

  return { app, stop: () => app.close() };
}
