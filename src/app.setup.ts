import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { withinOr } from './common/within.js';
import { AppModule } from './app.module.js';
import { AppConfig } from './config/app-config.js';
import { chatEventComponents } from './direct-chat/chat-event.dto.js';
import { DATABASE } from './infra/database/database.module.js';
import type { OpenDatabase } from './infra/database/database.js';
import { EmbeddedParts } from './infra/embedded/embedded.module.js';
import { configureHttp, createAdapter } from './infra/http/server/configure-http.js';
import { Lifecycle } from './infra/lifecycle.js';
import { createLogger } from './infra/logger.js';
import { RedisClients } from './infra/redis/redis-clients.js';
import { taskEventComponents } from './tasks/events/task-event.dto.js';

/** Longer than any part needs to close when nothing is wrong. */
const CLOSE_SECONDS = 8;

/** A server that is ready to listen. */
export interface BuiltApp {
  app: NestFastifyApplication;
  /** Ends what runs (within the grace period), then all connections and child processes. */
  stop: () => Promise<void>;
}

/** Builds the whole server; the program and the tests of the assembled app call the same function. */
export async function buildApp(config: AppConfig): Promise<BuiltApp> {
  const parts = await EmbeddedParts.start(config);
  try {
    const app = await NestFactory.create<NestFastifyApplication>(AppModule.for(config, parts), createAdapter(), {
      logger: createLogger(config, 'Conch'),
      abortOnError: false,
      // Streams stay open as long as their clients like; the shutdown ends them itself.
      forceCloseConnections: true,
    });
    configureHttp(app);
    SwaggerModule.setup('api/docs', app, () => describeApi(app), {
      jsonDocumentUrl: 'api/openapi.json',
      raw: ['json'],
    });

    return { app, stop: () => stopApp(app, parts) };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/**
 * Connections are closed last and by hand: hooks of the framework that still use them run in no fixed order. A part that
 * hangs (a connection that neither answers nor breaks) must not keep the process from ending.
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

/** The OpenAPI document, events of the streams included. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const description =
    'Streams answers from Claude and OpenAI-compatible models over SSE: resumable by Last-Event-ID on any replica, cancellable, never lost. ' +
    'Errors have one shape; decide by `code`.';
  const options = new DocumentBuilder()
    .setTitle('Conch')
    .setDescription(description)
    .setVersion('0.1.0')
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, options);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...chatEventComponents(), ...taskEventComponents() },
  };

  return document;
}
