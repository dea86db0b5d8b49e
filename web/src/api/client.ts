import createClient from 'openapi-fetch';
import { ApiProblem, problemOf, unreachable } from './api-problem';
import type { components, paths } from './schema';
import { authorization, refreshSession, setExpired } from './session';

/** Bodies and replies of the API by their names in the OpenAPI document. */
export type Schemas = components['schemas'];

/** Calls that need no session: their 401 does not end one. */
const OPEN_CALLS = /^\/api\/auth\/(login|refresh|logout)$/;

/**
 * `fetch` with the session: an expired access token is exchanged once, unseen. A refused session is told to the page.
 * @throws ApiProblem for each reply that is no success, and when there is no reply
 */
export async function fetchApi(input: Request): Promise<Response> {
  const again = input.clone();
  const needsSession = !OPEN_CALLS.test(new URL(input.url).pathname);
  let response = await send(input);
  if (response.status === 401 && needsSession && (await refreshSession())) response = await send(again);
  if (response.status === 401 && needsSession) setExpired(true);
  if (!response.ok) throw await problemOf(response);

  return response;
}

async function send(request: Request): Promise<Response> {
  for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw unreachable();
  }
}

/** Calls of the API, typed by its OpenAPI document. They throw {@link ApiProblem}. */
export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: fetchApi });

/** The body of a call's reply. */
export async function bodyOf<T>(call: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data } = await call;
  if (data === undefined || data === null) throw new ApiProblem(0, 'empty_reply', 'The server sent an empty reply.');

  return data;
}
