import { problemOf, unreachable } from './api-problem';

/**
 * Who uses the page. The access token lives in memory only, where no other page's script can read it; the refresh
 * token is a cookie that scripts cannot read. Without authentication the server needs neither.
 */
let accessToken: string | null = null;
let refreshing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();
let isExpired = false;
let tabs: BroadcastChannel | null = null;

/** Tells the other tabs, which have the same cookie, that there is a session again, and is told by them. */
export function shareSession(): void {
  tabs ??= new BroadcastChannel('conch-session');
  tabs.onmessage = () => {
    if (isExpired) refreshSession().catch(() => undefined);
  };
}

/** The header that identifies the reader, if there is a session. */
export const authorization = (): Record<string, string> =>
  accessToken === null ? {} : { authorization: `Bearer ${accessToken}` };

/** Begins or ends a session. */
export function setAccessToken(token: string | null): void {
  accessToken = token;
  setExpired(false);
}

/** Begins a session in all tabs. */
export function beginSession(token: string): void {
  setAccessToken(token);
  tabs?.postMessage('begun');
}

/**
 * Exchanges the cookie for a new access token; calls at the same time share one request.
 * @returns false when the session has ended
 * @throws ApiProblem when the server could not be asked, which does not end the session
 */
export function refreshSession(): Promise<boolean> {
  refreshing ??= refresh().finally(() => {
    refreshing = null;
  });

  return refreshing;
}

async function refresh(): Promise<boolean> {
  const response = await fetch('/api/auth/refresh', { method: 'POST', credentials: 'same-origin' }).catch(() => null);
  if (!response) throw unreachable();
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.isTemporary) throw problem;

    return false;
  }
  const { access_token: token } = (await response.json()) as { access_token: string };
  const isOther = accessToken !== null && userOf(accessToken) !== userOf(token);
  setAccessToken(token);
  // Another user has logged in in another tab: nothing on this page is theirs.
  if (isOther) window.location.reload();

  return true;
}

/** The user that a token names. */
function userOf(token: string): unknown {
  const [, payload = ''] = token.split('.');
  const { sub } = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { sub: unknown };

  return sub;
}

/** Called when a request was refused for want of a session: the page asks for the password, over what is open. */
export function setExpired(expired: boolean): void {
  if (isExpired === expired) return;
  isExpired = expired;
  for (const listener of listeners) listener();
}

/** For `useSyncExternalStore`. */
export const session = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);

    return () => listeners.delete(listener);
  },
  isExpired: () => isExpired,
};
