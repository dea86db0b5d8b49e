import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { serveApiDocument } from './api-document.js';
import { withinOr } from './common/async/within.js';
import { CallerGate } from './auth/tokens/caller-gate.js';
import { AppModule } from './app.module.js';
import { AppConfig } from './config/app-config.js';
import type { Configuration } from './config/config.module.js';
import { DATABASE } from './infra/database/database.module.js';
import type { OpenDatabase } from './infra/database/database.js';
import { EmbeddedParts } from './infra/embedded/embedded.module.js';
import { limitInternalBodies } from './infra/http/server/body-budget.js';
import { configureHttp, createAdapter } from './infra/http/server/configure-http.js';
import { identifyBeforeBodies, serveOnlyThisMachine } from './infra/http/server/request-gate.js';
import { Lifecycle } from './infra/lifecycle.js';
import { createLogger } from './infra/logger.js';
import { RedisClients } from './infra/redis/redis-clients.js';

/** Longer than any part needs to close normally. */
const CLOSE_SECONDS = 8;

/** A server that is ready to listen. */
export interface BuiltApp {
  app: NestFastifyApplication;
  /** Ends what runs (within the grace period), then all connections and child processes. */
  stop: () => Promise<void>;
}

/** Builds the whole server, for the program and for tests. */
export async function buildApp(configuration: Configuration): Promise<BuiltApp> {
  const { config } = configuration;
  const parts = await EmbeddedParts.start(config);
  try {
    const app = await NestFactory.create<NestFastifyApplication>(
      AppModule.for(configuration, parts),
      createAdapter(config.server.trustProxy),
      {
        logger: createLogger(config, 'Conch'),
        abortOnError: false,
        // Open streams would never close by themselves.
        forceCloseConnections: true,
      },
    );
    configureHttp(app);
    guardRequests(app);
    if (config.server.apiDocs) serveApiDocument(app);

    return { app, stop: () => stopApp(app, parts) };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

function guardRequests(app: NestFastifyApplication): void {
  const instance = app.getHttpAdapter().getInstance();
  if (app.get(AppConfig).auth.mode === 'off') serveOnlyThisMachine(instance);
  const gate = app.get(CallerGate, { strict: false });
  identifyBeforeBodies(instance, (request) => gate.identify(request));
  limitInternalBodies(instance);
}

/**
 * Closes connections last and explicitly: hooks of the framework that still use them run in no fixed order. A part that
 * hangs does not prevent the end of the process.
 */
async function stopApp(app: NestFastifyApplication, parts: EmbeddedParts): Promise<void> {
  const redis = app.get(RedisClients);
  const database = app.get<OpenDatabase>(DATABASE);
  const { server } = app.get(AppConfig);
  app.get(Lifecycle).stop();
  await withinOr((server.shutdownGraceSeconds + CLOSE_SECONDS) * 1000, undefined, app.close());
  redis.close();
  await withinOr(CLOSE_SECONDS * 1000, undefined, database.close());
  await parts.stop();
}
