import { fetchApi } from '../api/client';

/** Requests an event stream after an event. @throws ApiProblem */
export function requestStream(path: string, lastEventId: string | null, signal: AbortSignal): Promise<Response> {
  const headers = { accept: 'text/event-stream', ...(lastEventId !== null && { 'last-event-id': lastEventId }) };

  return fetchApi(new Request(new URL(path, window.location.origin), { headers, signal }));
}
