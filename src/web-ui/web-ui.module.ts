import fastifyStatic from '@fastify/static';
import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { sep } from 'node:path';
import type { RouteTraits } from '../infra/http/server/event-loop-throttle.js';
import { BuiltPage } from './built-page.js';
import { pagePolicy } from './page-policy.js';
import { PageReplies } from './page-replies.js';

const API = '/api';
/** Names of files in it contain a hash of their content. */
const HASHED = `${sep}assets${sep}`;
const FOREVER = 'public, max-age=31536000, immutable';

/**
 * Serves the web page beside the API: its files, and `index.html` for every other address, which the page's router reads.
 * Unknown paths below `/api` are answered by the API.
 */
@Module({ providers: [PageReplies] })
export class WebUiModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly page: BuiltPage,
    private readonly replies: PageReplies,
  ) {}

  static for(page: BuiltPage): DynamicModule {
    return { module: WebUiModule, providers: [{ provide: BuiltPage, useValue: page }] };
  }

  onModuleInit(): void {
    // Not awaited: that would make Fastify ready before Nest has set its error handler.
    void this.host.httpAdapter.getInstance().register(async (scope: FastifyInstance) => {
      await scope.register(fastifyStatic, this.fileOptions());
      this.addRoutes(scope);
    });
  }

  /** Compressed files are made by the build, beside the plain ones. */
  private fileOptions(): fastifyStatic.FastifyStaticOptions {
    const { directory } = this.page;

    return {
      ...{ root: directory, serve: false, preCompressed: true, cacheControl: false, suppressWarning: true },
      setHeaders: (reply, path) => {
        const isHashed = path.startsWith(`${directory}${HASHED}`);
        reply.headers({
          'Cache-Control': isHashed ? FOREVER : 'no-cache',
          'Content-Security-Policy': pagePolicy(),
        });
      },
    };
  }

  private addRoutes(scope: FastifyInstance): void {
    const method = ['GET', 'HEAD'];
    for (const url of [API, `${API}/*`]) {
      scope.route({ method, url, handler: (_request, reply) => reply.callNotFound() });
    }
    const config: FastifyContextConfig & RouteTraits = { isPage: true };
    scope.route<{ Params: { '*': string } }>({
      ...{ method, url: '/*', config },
      handler: (request, reply) => this.replies.answer(request, reply),
    });
  }
}
