import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { InternalAccess, unknownCaller } from '../auth/internal-access.js';
import type { Configuration } from '../config/config.module.js';
import { limitInternalBodies } from '../infra/http/server/body-budget.js';
import { configureHttp, createAdapter } from '../infra/http/server/configure-http.js';
import { identifyBeforeBodies } from '../infra/http/server/request-gate.js';
import { createLogger } from '../infra/logger.js';
import { ExecutorManagerModule } from './executor-manager.module.js';

/** Builds the executor manager, ready to listen; `stop` removes its containers first. */
export async function buildExecutorManager(
  configuration: Configuration,
): Promise<{ app: NestFastifyApplication; stop: () => Promise<void> }> {
  const app = await NestFactory.create<NestFastifyApplication>(
    ExecutorManagerModule.for(configuration),
    createAdapter(),
    {
      logger: createLogger(configuration.config, 'ExecutorManager'),
      abortOnError: false,
      forceCloseConnections: true,
    },
  );
  configureHttp(app, '');
  const access = app.get(InternalAccess, { strict: false });
  identifyBeforeBodies(app.getHttpAdapter().getInstance(), ({ headers, socket }) => {
    if (!access.mayAdmit({ headers, address: socket.remoteAddress })) throw unknownCaller();
  });
  limitInternalBodies(app.getHttpAdapter().getInstance());

  return { app, stop: () => app.close() };
}
