import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Logger } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppConfig } from '../../../config/app-config.js';
import type { TrustProxy } from '../../../config/config-parts.js';
import { answerFrameworkError, AppErrorFilter } from './app-error.filter.js';
import { applyBodyLimits, parseOnlyJson } from './request-body.js';
import { acceptForms } from './multipart.js';
import { fittingConnections, limitConnections } from './connection-limits.js';
import { limitBodyTime } from './request-gate.js';
import { throttleRequests } from './event-loop-throttle.js';
import { addSecurityHeaders } from './security-headers.js';
import { AppValidationPipe } from './validation.pipe.js';

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Returns the caller's `X-Request-Id` when it is well-formed, otherwise a new id. */
function requestId(request: { headers: IncomingHttpHeaders }): string {
  const given = request.headers['x-request-id'];

  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

const BODY_LIMIT_BYTES = 1024 * 1024;
const HEADERS_MS = 20_000;
/** For what no other watch ends: uploads are watched while they flow, other bodies by {@link limitBodyTime}. */
const REQUEST_MS = 3_600_000;

/** Fastify with the body parsers of the API only. Nest's default adds one for forms, which browsers send without CORS checks. */
class ApiAdapter extends FastifyAdapter {
  override registerParserMiddleware(): void {
    parseOnlyJson(this.getInstance());
    acceptForms(this.getInstance());
  }
}

/** Creates the HTTP adapter with the limits of the API. @param trustProxy whose `X-Forwarded-For` is the client's address */
export function createAdapter(trustProxy: TrustProxy = false): FastifyAdapter {
  return new ApiAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    // Fastify ignores a number: it cannot know that every connection comes from a proxy. TRUST_PROXY says so.
    trustProxy: typeof trustProxy === 'number' ? (_address: string, hop: number) => hop < trustProxy : trustProxy,
    // Fastify switches Node's own limit off.
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: 5_000 },
    genReqId: requestId,
    frameworkErrors: answerFrameworkError,
    routerOptions: { maxParamLength: 500 },
  });
}

/** Applies prefix, validation, error shape and request ids, for the server and for its tests. */
export function configureHttp(app: NestFastifyApplication, prefix = 'api'): void {
  app.setGlobalPrefix(prefix);
  app.useGlobalPipes(new AppValidationPipe());
  app.useGlobalFilters(new AppErrorFilter());
  const instance = app.getHttpAdapter().getInstance();
  const config = app.get(AppConfig);
  const { maxConnections, advice } = fittingConnections(config.server.maxConnections, config.chat.maxConcurrent);
  if (advice) new Logger('Connections').warn(advice);
  limitConnections(instance.server, { ...config.server, maxConnections });
  applyBodyLimits(instance, config);
  addSecurityHeaders(instance);
  instance.addHook('onRequest', (request, reply, done) => {
    void reply.header('X-Request-Id', request.id);
    done();
  });
  limitBodyTime(instance);
  throttleRequests(instance);
}
