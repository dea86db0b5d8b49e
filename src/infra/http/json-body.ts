import type { FastifyInstance } from 'fastify';
import { isUtf8 } from 'node:buffer';
import { AppError } from '../../common/app-error.js';

/** Takes `application/json` in UTF-8 and nothing else. Bytes that are no UTF-8 are refused, not replaced. */
export function parseOnlyJson(instance: FastifyInstance): void {
  const parseJson = instance.getDefaultJsonParser('error', 'error');
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // Wegent's web client names the type on calls without a body as well.
    if (body.length === 0) done(null, undefined);
    else if (isUtf8(body)) void parseJson(request, body.toString('utf8'), done);
    else done(new AppError('bad_request', 'The body is not valid UTF-8'));
  });
}
