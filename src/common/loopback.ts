import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from './app-error.js';
import ipaddr from 'ipaddr.js';

/** Whether a listen address or Host header name can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name === '127.0.0.1') return true;

  return ipaddr.isValid(name) && ipaddr.process(name).range() === 'loopback';
}

/**
 * Without authentication, every caller is the local user. The socket is loopback only, but browsers on
 * this machine also run pages of strangers: a page can point its own name here (DNS rebinding: foreign Host) or send
 * requests across sites (foreign Origin, or `Sec-Fetch-Site: cross-site` without one). All are refused.
 * @throws AppError forbidden
 */
export function requireLoopback(headers: IncomingHttpHeaders): void {
  if (!isLoopbackHost(headers.host ?? '')) {
    throw new AppError(
      'forbidden',
      `With AUTH_MODE=off only this machine is served, but the request names the host "${headers.host ?? ''}" ` +
        '(DNS rebinding?): use http://127.0.0.1 or http://localhost, or set AUTH_MODE=jwt',
    );
  }
  const { origin } = headers;
  // Browsers add no Origin to requests for images, scripts and links of another site.
  const isForeign = origin === undefined ? headers['sec-fetch-site'] === 'cross-site' : !isLoopbackOrigin(origin);
  if (isForeign) {
    throw new AppError(
      'forbidden',
      `With AUTH_MODE=off only pages of this machine are served, but the request comes from "${origin ?? 'another site'}" ` +
        '(cross-site): set AUTH_MODE=jwt to use another origin',
    );
  }
}

/** Headers of requests that came through a proxy, whose address proves nothing. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** Whether a request comes from this machine itself. @param address of the socket's other end */
export function isDirectFromHere(address: string | undefined, headers: IncomingHttpHeaders): boolean {
  if (address === undefined || PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false;

  return isLoopback(address) && isLoopbackHost(headers.host ?? '');
}

/** Whether a Host header names this machine itself. */
export function isLoopbackHost(host: string): boolean {
  return isLoopback(hostName(host));
}

/** The name in a Host header: without port, lower case. */
function hostName(host: string): string {
  return (/^(\[[^\]]*\]|[^:]*)(:\d{1,5})?$/.exec(host)?.[1] ?? '').toLowerCase();
}

function isLoopbackOrigin(origin: string): boolean {
  const match = /^https?:\/\/([^/?#@]+)$/i.exec(origin);

  return match !== null && isLoopback(hostName(match[1] ?? ''));
}
