import createClient from 'openapi-fetch';
import { ApiProblem, problemOf } from './api-problem';
import type { components, paths } from './schema';
import { authorization, refreshSession, setExpired } from './session';

/** Bodies and replies of the API by their names in the OpenAPI document. */
export type Schemas = components['schemas'];

/**
 * `fetch` with the session: an expired access token is exchanged once, unseen. A refused session is told to the page.
 * @throws ApiProblem for each reply that is no success, and when there is no reply
 */
export async function fetchApi(input: Request): Promise<Response> {
  const again = input.clone();
  let response = await send(input);
  if (response.status === 401 && !input.url.includes('/api/auth/') && (await refreshSession()))
    response = await send(again);
  if (response.status === 401 && !input.url.includes('/api/auth/')) setExpired(true);
  if (!response.ok) throw await problemOf(response);

  return response;
}

async function send(request: Request): Promise<Response> {
  for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiProblem(0, 'unreachable', 'The server cannot be reached.');
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
