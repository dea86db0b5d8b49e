import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ApiProblem } from '../../api/api-problem';
import { fetchApi, type Schemas } from '../../api/client';

export type Validation = Schemas['ValidationDto'];

const AGAIN_AFTER_MS = 1_000;

/**
 * Follows a validation until it has completed: each event is its whole state. A lost connection is resumed after the last
 * event. @throws ApiProblem when the server refuses the stream
 */
export async function* followValidation(id: string, signal: AbortSignal): AsyncGenerator<Validation> {
  let lastEventId = '';
  for (;;) {
    try {
      for await (const { event, eventId } of readEvents(id, lastEventId, signal)) {
        lastEventId = eventId;
        yield event;
        if (event.status === 'completed') return;
      }
    } catch (error) {
      if (signal.aborted || (error instanceof ApiProblem && !error.isTemporary)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    signal.throwIfAborted();
  }
}

async function* readEvents(id: string, lastEventId: string, signal: AbortSignal) {
  const headers = lastEventId === '' ? undefined : { 'last-event-id': lastEventId };
  const url = new URL(`/api/shells/validation-status/${encodeURIComponent(id)}/events`, window.location.origin);
  const response = await fetchApi(new Request(url, { signal, headers }));
  if (!response.body) return;
  const reader = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read())
    yield { event: JSON.parse(next.value.data) as Validation, eventId: next.value.id ?? lastEventId };
}
