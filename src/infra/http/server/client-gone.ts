import type { ServerResponse } from 'node:http';
import { AppError } from '../../../common/app-error.js';

/** Aborts when a connection closes before its reply is out: what is done for it is not wanted any more. */
export function whenClientGone(reply: ServerResponse): AbortSignal {
  const gone = new AbortController();
  reply.once('close', () => {
    if (!reply.writableFinished) gone.abort(new AppError('bad_request', 'The client went away'));
  });

  return gone.signal;
}
