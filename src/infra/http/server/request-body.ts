import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isUtf8 } from 'node:buffer';
import { RouteConfig } from '@nestjs/platform-fastify';
import { AppError } from '../../../common/app-error.js';
import { jsonSizeProblem } from '../../../common/text/json-limits.js';
import type { AppConfig } from '../../../config/app-config.js';
import type { RouteTraits } from './event-loop-throttle.js';

/** Header of requests whose body bytes are signed, see {@link rawBodyOf}. */
export const SIGNATURE_HEADER = 'x-conch-signature';

type ParseDone = (error: Error | null, body?: unknown) => void;

interface RawBody {
  bytes: Buffer;
  parse: (done: ParseDone) => void;
}

const NO_BODY = Buffer.alloc(0);
const rawBodies = new WeakMap<object, RawBody>();

/** Accepts only `application/json`, in valid UTF-8, within the limits of {@link jsonSizeProblem}. */
export function parseOnlyJson(instance: FastifyInstance): void {
  const parseJson = instance.getDefaultJsonParser('error', 'error');
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const parse = (parsed: ParseDone): void => {
      // Wegent's web client names the type on calls without a body as well.
      if (bytes.length === 0) return parsed(null, undefined);
      if (!isUtf8(bytes)) return parsed(new AppError('bad_request', 'The body is not valid UTF-8'));
      const text = bytes.toString('utf8');
      const problem = jsonSizeProblem(text);
      if (problem) parsed(new AppError('validation_failed', `The body ${problem}`));
      else void parseJson(request, text, parsed);
    };
    const isSigned = request.headers[SIGNATURE_HEADER] !== undefined;
    if (isSigned) rawBodies.set(request.raw, { bytes, parse });
    const { isInternal } = request.routeOptions.config as RouteTraits;
    if (isSigned && isInternal) done(null, undefined);
    else parse(done);
  });
}

/** Returns the body bytes of a signed request; empty without a body or {@link SIGNATURE_HEADER}. */
export function rawBodyOf({ raw }: Pick<FastifyRequest, 'raw'>): Buffer {
  return rawBodies.get(raw)?.bytes ?? NO_BODY;
}

/**
 * Parses the body of a signed request, once its caller is known.
 * @throws AppError bad_request, validation_failed; errors of Fastify for what is no JSON
 */
export async function parseRawBody(request: FastifyRequest): Promise<void> {
  const body = rawBodies.get(request.raw);
  if (!body || request.body !== undefined) return;
  request.body = await new Promise<unknown>((resolve, reject) => {
    body.parse((error, parsed) => (error ? reject(error) : resolve(parsed)));
  });
}

/** The bytes of a request's body, as announced; Infinity when they are not. */
export const BodyBytes = createParamDecorator((_data: unknown, context: ExecutionContext): number => {
  return Number(context.switchToHttp().getRequest<FastifyRequest>().headers['content-length'] ?? Infinity);
});

/** Returns the limit of a route's body in bytes. */
type BodyLimit = (config: AppConfig) => number;

interface LimitedRoute {
  maxBodyBytes?: BodyLimit;
}

/** Sets the body limit of a route. @param more its other traits, which a second decorator would replace */
export const MaxBodyBytes = (maxBodyBytes: BodyLimit, more: RouteTraits = {}) => RouteConfig({ ...more, maxBodyBytes });

/** Applies {@link MaxBodyBytes}. Called before the routes are registered. */
export function applyBodyLimits(instance: FastifyInstance, config: AppConfig): void {
  instance.addHook('onRoute', (route) => {
    const { maxBodyBytes } = (route.config ?? {}) as LimitedRoute;
    if (maxBodyBytes) route.bodyLimit = maxBodyBytes(config);
  });
}
