import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter as NestFastifyAdapter } from '@nestjs/platform-fastify';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import { AuthModule } from '../auth/auth.module.js';
import { AppError } from '../common/app-error.js';
import { answerFrameworkError } from '../infra/http/server/app-error.filter.js';
import { PAGE_POLICY } from '../infra/http/server/security-headers.js';
import { maskJob } from './mask-job.js';
import type { RouteTraits } from '../infra/http/server/event-loop-throttle.js';
import { QueueRegistry } from '../infra/queue/queue.module.js';
import { BoardAccess } from './board-access.js';

const PATH = '/api/admin/queues';
const HEADERS = {
  // The page names fonts of another server; where that cannot be reached the page would wait for it.
  'Content-Security-Policy': PAGE_POLICY,
};

const CHALLENGE = 'Basic realm="Conch queues", charset="UTF-8"';

function toBoardQueue(queue: Queue): BullMQAdapter {
  const shown = new BullMQAdapter(queue);
  for (const field of ['data', 'returnValue', 'progress'] as const) shown.setFormatter(field, maskJob);

  return shown;
}

/** The board of all BullMQ queues, for admins: waiting, running and failed jobs, with retry and remove, without texts. */
@Module({ imports: [AuthModule], providers: [BoardAccess] })
export class QueueBoardModule implements OnModuleInit {
  constructor(
    private readonly queues: QueueRegistry,
    private readonly host: HttpAdapterHost<NestFastifyAdapter>,
    private readonly access: BoardAccess,
  ) {}

  onModuleInit(): void {
    const serverAdapter = new FastifyAdapter().setBasePath(PATH);
    createBullBoard({
      queues: this.queues.all().map(toBoardQueue),
      serverAdapter,
      options: { uiConfig: { boardTitle: 'Conch queues' } },
    });
    // Not awaited: that would make Fastify ready before Nest has set its error handler.
    void this.host.httpAdapter.getInstance().register(
      async (scope: FastifyInstance) => {
        this.guard(scope);
        await scope.register(serverAdapter.registerPlugin());
      },
      { prefix: PATH },
    );
  }

  /** Authorizes requests, and answers refusals in the error shape of the API. */
  private guard(scope: FastifyInstance): void {
    // Callers are known before bodies are read: by the hook below, which accepts passwords too.
    scope.addHook('onRoute', (route) => {
      route.config = Object.assign({}, route.config, { isOpen: true } satisfies RouteTraits);
    });
    scope.addHook('onRequest', async (request, reply) => {
      void reply.headers(HEADERS);
      try {
        await this.access.require(request);
      } catch (error) {
        if (error instanceof AppError && error.code === 'unauthorized')
          void reply.header('WWW-Authenticate', CHALLENGE);
        answerFrameworkError(error as Error, request, reply);

        return reply;
      }
    });
  }
}
