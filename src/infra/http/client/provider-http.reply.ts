import type { ClientRequest, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Sends the body of a request and gives its reply, as soon as the headers are there. An abort destroys the request, and
 * the reply with it, however much of it was read. @throws what broke the request, before a reply came
 */
export function replyTo(
  outgoing: ClientRequest,
  body: string | Buffer | Readable | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const abort = () => outgoing.destroy();
  signal.addEventListener('abort', abort, { once: true });
  const reply = new Promise<IncomingMessage>((resolve, reject) => {
    let isAnswered = false;
    outgoing.once('response', (message) => {
      isAnswered = true;
      resolve(message);
    });
    outgoing.on('error', reject);
    outgoing.once('close', () => {
      signal.removeEventListener('abort', abort);
      // Making an error costs as much as reading an answer's first event.
      if (!isAnswered) reject(new Error('closed before it was answered'));
    });
  });
  if (body instanceof Readable) sendStream(outgoing, body);
  else outgoing.end(body);

  return reply;
}

/** What ends before its end must not look whole to the server. */
function sendStream(outgoing: ClientRequest, body: Readable): void {
  body.once('error', (error) => outgoing.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) outgoing.destroy(new Error('the body broke off'));
  });
  body.pipe(outgoing);
}
