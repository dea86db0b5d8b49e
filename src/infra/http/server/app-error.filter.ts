import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { AppError, type ErrorCode, errorCode, type FieldProblem } from '../../../common/app-error.js';
import { isJsonObject } from '../../../common/text/json.js';
import { isDatabaseDown, logLine } from '../../database/database-errors.js';
import { isRedisFull } from '../../redis/redis-memory.js';
import type { ErrorDto } from './error.dto.js';
import { announcesBody } from './request-gate.js';

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'payload_too_large',
  414: 'bad_request',
  415: 'unsupported_media_type',
  422: 'validation_failed',
  503: 'service_unavailable',
};

const PLAIN_MESSAGES: Partial<Record<ErrorCode, string>> = {
  unsupported_media_type: 'Send the body as application/json',
};

const DRAIN_MS = 5_000;

interface Failure {
  status: number;
  code: ErrorCode;
  message: string;
  errors?: FieldProblem[] | undefined;
  retryAfter?: number | undefined;
  last?: number | undefined;
  /** Not caused by the client: logged. */
  unexpected?: boolean;
}

/** Answers every error in the one error shape of the API. Unexpected errors are logged, without details for clients. */
@Catch()
export class AppErrorFilter implements ExceptionFilter {
  private readonly log = new Logger(AppErrorFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const failure = describe(error, request);
    if (isBrokenOff(request.raw)) this.log.debug(`${whatOf(request)}: its body broke off`);
    else if (failure.unexpected) this.report(error, request);
    if (reply.sent || reply.raw.headersSent) return;
    const send = () => {
      if (isArriving(request.raw)) void reply.header('Connection', 'close');
      answer(failure, request, reply);
    };
    if (isArriving(request.raw)) afterBody(request.raw, send);
    else send();
  }

  private report(error: unknown, request: FastifyRequest): void {
    const stack = error instanceof Error ? withCauses(error) : String(error);
    this.log.error(`${whatOf(request)} failed, request ${request.id}`, stack);
  }
}

const whatOf = ({ method, url }: FastifyRequest) => `${method} ${maskedPath(url)}`;

/** Returns the path of a URL without the tokens of links in it. */
function maskedPath(url: string): string {
  return (url.split('?', 1)[0] ?? '').replace(/(\/shared\/)[^/]+/g, '$1***');
}

/** Whether the connection ended before the whole body was there: nothing is wrong here. */
function isBrokenOff({ complete, destroyed }: IncomingMessage): boolean {
  return destroyed && !complete;
}

function bodyOf(failure: Failure, requestId: string): ErrorDto {
  return {
    statusCode: failure.status,
    code: failure.code,
    message: failure.message,
    detail: failure.message,
    request_id: requestId,
    ...(failure.errors && { errors: failure.errors }),
    ...(failure.last !== undefined && { last: failure.last }),
  };
}

function isArriving(message: IncomingMessage): boolean {
  return !message.complete && !message.destroyed && announcesBody(message);
}

/** Answers after the rest of a refused body: a client that is still sending does not see the reply before a close. */
function afterBody(message: IncomingMessage, send: () => void): void {
  const timer = setTimeout(done, DRAIN_MS);
  function done(): void {
    clearTimeout(timer);
    message.off('end', done).off('close', done);
    send();
  }
  message.on('end', done).on('close', done).resume();
}

/** Answers an error outside of Nest's routes, for instance a malformed URL. */
export function answerFrameworkError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  answer(describe(error, request), request, reply);
}

function answer(failure: Failure, request: FastifyRequest, reply: FastifyReply): void {
  if (failure.retryAfter !== undefined) void reply.header('Retry-After', String(Math.ceil(failure.retryAfter)));
  void reply.header('X-Request-Id', request.id).status(failure.status).send(bodyOf(failure, request.id));
}

function describe(error: unknown, request: FastifyRequest): Failure {
  if (error instanceof AppError) return { ...fieldsOf(error), unexpected: error.code === 'internal' };
  if (isDatabaseDown(error)) {
    const message = 'The database does not answer; try again';

    return { status: 503, code: 'service_unavailable', message, retryAfter: 2, unexpected: true };
  }
  if (isRedisFull(error)) {
    const message = 'The memory of Redis is used up: try again when running answers have ended';

    return { status: 503, code: 'service_unavailable', message, retryAfter: 5, unexpected: true };
  }
  const status = clientStatus(error);
  if (status === null) return { status: 500, code: 'internal', message: 'Internal error', unexpected: true };
  const code = CODE_BY_STATUS[status] ?? 'bad_request';

  return { status, code, message: messageOf(code, request) ?? (error as Error).message };
}

function messageOf(code: ErrorCode, request: FastifyRequest): string | undefined {
  if (code !== 'payload_too_large') return PLAIN_MESSAGES[code];

  return `The request body is too large: at most ${request.routeOptions.bodyLimit} bytes are possible`;
}

function fieldsOf({ status, code, message, errors, retryAfter, last }: AppError): Failure {
  return { status, code, message, errors, retryAfter, last };
}

/** Returns the status of an error that Nest, Fastify or its file server raised about the request; null for any other. */
function clientStatus(error: unknown): number | null {
  if (error instanceof HttpException)
    return error.getStatus() < 500 || error.getStatus() === 503 ? error.getStatus() : null;
  if (!isJsonObject(error) || typeof error.statusCode !== 'number') return null;
  // `expose` is how http-errors mark what a client may see.
  const isAboutRequest = errorCode(error)?.startsWith('FST_') === true || error.expose === true;

  return isAboutRequest && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : null;
}

function withCauses(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${withCauses(error.cause)}` : '';
  // The first lines of a failed query's stack are its message, parameters included.
  const stack = (error.stack ?? '').slice((error.stack ?? '').search(/\n\s+at /));

  return `${error.name}: ${logLine(error)}${stack}${cause}`;
}
