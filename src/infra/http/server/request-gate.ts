/** What is decided about a request before its body is read. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { requireLoopback } from '../../../common/loopback.js';
import type { RouteTraits } from './event-loop-throttle.js';

/** Longest time in which a body may arrive; one that is streamed to its reader is watched there. */
const BODY_MS = 30_000;

/**
 * Identifies the callers of bodies before they are read, except on routes with the trait `isOpen`: an unknown caller does
 * not make the server parse. Runs after `onRequest`, where the headers of replies are set. The guard of the route decides
 * again, for requests without a body, too.
 * @param identify throws AppError unauthorized
 */
export function identifyBeforeBodies(
  instance: FastifyInstance,
  identify: (request: FastifyRequest) => Promise<void> | void,
): void {
  instance.addHook('preParsing', async (request) => {
    const { isOpen } = request.routeOptions.config as RouteTraits;
    if (!isOpen && announcesBody(request.raw)) await identify(request);
  });
}

/**
 * Serves pages and programs of this machine only, documents and unknown paths included: see {@link requireLoopback}. A link
 * of any site may open the web page: it cannot be framed, and its own requests come from this machine.
 */
export function serveOnlyThisMachine(instance: FastifyInstance): void {
  instance.addHook('preParsing', ({ headers, routeOptions }, _reply, _payload, done) => {
    const { isPage } = routeOptions.config as RouteTraits;
    requireLoopback(isPage && isOpened(headers) ? { host: headers.host } : headers);
    done();
  });
}

/** Whether a browser opens the address in a window of its own. */
function isOpened(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

/** Disconnects clients whose bodies arrive too slowly. Forms are watched by those that read them. */
export function limitBodyTime(instance: FastifyInstance, limitMs = BODY_MS): void {
  instance.addHook('onRequest', ({ raw }, _reply, done) => {
    if (announcesBody(raw) && !isForm(raw)) watch(raw, limitMs);
    done();
  });
}

/** Whether a request has a body, complete or not. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return (headers['transfer-encoding'] ?? headers['content-length'] ?? '0') !== '0';
}

function isForm({ headers }: IncomingMessage): boolean {
  return /^multipart\/form-data/i.test(headers['content-type'] ?? '');
}

function watch(message: IncomingMessage, limitMs: number): void {
  const timer = setTimeout(() => message.destroy(), limitMs);
  const stop = () => {
    clearTimeout(timer);
    message.off('end', stop).off('close', stop);
  };
  message.on('end', stop).on('close', stop);
}
