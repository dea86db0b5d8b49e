// Carries replies out; every provider ends here.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange, Headers, Reply } from './exchange.js';
import { play } from './player.js';
import type { Script } from './script.js';

/** A JSON reply. */
export function jsonReply(status: number, body: unknown, headers?: Headers): Reply {
  return { kind: 'body', status, type: 'application/json', body: JSON.stringify(body), headers };
}

/** An HTML page, as proxies and CDNs send them instead of the provider's JSON. */
export function htmlReply(status: number, title: string): Reply {
  const body =
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
    '<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n';
  return { kind: 'body', status, type: 'text/html', body };
}

/** Waits, unless the client hangs up. */
export async function pause(x: Exchange, ms: number): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal: x.closed });
}

/** Counts an answer in progress until its connection closes. */
export function countStream(x: Exchange): void {
  const { counters } = x.state;
  counters.totalStreams += 1;
  counters.openStreams += 1;
  x.closed.addEventListener('abort', () => (counters.openStreams -= 1), { once: true });
}

/** Sends the headers. */
export function send(x: Exchange, status: number, headers: Headers): void {
  x.request.status = status;
  x.res.writeHead(status, headers);
}

/** Carries a reply out, with the waits of the script. The headers are those that every reply of the provider has. */
export async function deliver(x: Exchange, reply: Reply, headers: Headers, script?: Script): Promise<void> {
  if (x.closed.aborted) return;
  if (reply.kind !== 'body') countStream(x);
  if (reply.kind === 'hang') return;
  await pause(x, script?.headersDelay ?? 0);
  if (reply.kind === 'body') {
    send(x, reply.status, { ...headers, 'content-type': reply.type, ...reply.headers });
    x.res.end(reply.body);
    return;
  }
  send(x, 200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  x.res.flushHeaders();
  await pause(x, script?.delay ?? 0);
  await play(x, reply.plan, script ?? { rate: 0 });
}
