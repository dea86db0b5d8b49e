import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from './app-error.js';

/**
 * Refuses requests from pages of other sites, to which browsers add what the user is known by: cookies, passwords. Programs
 * send neither `Sec-Fetch-Site` nor `Origin`; browsers send the second alone to plain HTTP.
 * @throws AppError forbidden
 */
export function requireOwnSite({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): void {
  const isOwn = site === undefined ? isOwnOrigin(origin, host) : site === 'same-origin' || site === 'none';
  if (!isOwn) {
    throw new AppError(
      'forbidden',
      `This is done from pages of this server only, not from "${origin ?? 'another site'}"`,
    );
  }
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}
