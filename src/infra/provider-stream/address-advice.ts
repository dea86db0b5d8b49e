import type { IncomingHttpHeaders } from 'node:http';

/** nginx's and Go's words, in a reply of any form. */
const PLAIN_TO_HTTPS = /plain HTTP request was sent to HTTPS|HTTP request to an HTTPS server/i;

/**
 * Says what is wrong with an address, when a status tells: redirects are not followed, and one on the way there turns a
 * POST into a GET (RFC 9110 15.4.2 and 15.4.3).
 * @param setting name of the setting that holds the address
 * @param body of the reply
 */
export function addressAdvice(
  status: number,
  { location }: IncomingHttpHeaders,
  { host, setting, body }: { host: string; setting: string; body: string },
): string | undefined {
  if (status === 405) {
    return `a redirect, mostly from http to https, has turned the POST into a GET: set ${setting} to the final address, such as https://${host}`;
  }
  if (status === 400 && PLAIN_TO_HTTPS.test(body)) return `it speaks HTTPS there: set ${setting} to https://${host}`;
  if (status < 300 || status >= 400) return undefined;
  const begin =
    location !== undefined && URL.canParse(location) ? `, which begins with ${new URL(location).origin}` : '';

  return `it redirects; set ${setting} to the final address${begin}`;
}
