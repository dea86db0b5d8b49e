// A small client of Dify's service API, for the specs of the simulator.
import { asText, type Json } from '../../shared/json.js';
import type { Simulator } from '../simulator.js';

/** One event as it came. */
export type DifyEvent = Json & { event: string; data?: Json };

/** Reads whole bodies of streams. */
export function eventsOf(body: string): DifyEvent[] {
  return body
    .split(/\r?\n\r?\n/)
    .filter((block) => block.startsWith('data:'))
    .map((block) => JSON.parse(block.slice('data:'.length)) as DifyEvent);
}

/** The names of events, runs of equal ones as one. */
export function namesOf(events: readonly DifyEvent[]): string[] {
  const names = events.map(({ event }) => event);
  return names.filter((name, i) => name !== names[i - 1]);
}

/** The text of the deltas. */
export function answerOf(events: readonly DifyEvent[]): string {
  return events.map(({ event, answer, data }) => asText(event === 'text_chunk' ? data?.['text'] : answer)).join('');
}

const ROUTES: Record<string, string> = { completion: 'completion-messages', workflow: 'workflows/run' };

/** Calls one app. */
export class DifyClient {
  constructor(
    private readonly simulator: Simulator,
    readonly key: string,
    readonly user = 'user-1',
  ) {}

  call(method: string, path: string, body?: Json | FormData, signal?: AbortSignal): Promise<Response> {
    const form = body instanceof FormData;
    return fetch(`${this.simulator.url}/dify/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...(form ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined || form ? body : JSON.stringify(body),
      signal,
    });
  }

  /** The body that starts a run of whatever the app is. */
  ask(script: string, more: Json = {}): { path: string; body: Json } {
    const mode = /(completion|workflow)$/.exec(this.key)?.[1] ?? '';
    const query = `Hello [sim ${script}]`;
    const inputs = { ...(mode === 'workflow' ? { query } : {}), ...(more['inputs'] as Json | undefined) };
    const chat = mode === 'workflow' ? {} : { query };
    return {
      path: `/${ROUTES[mode] ?? 'chat-messages'}`,
      body: { response_mode: 'streaming', user: this.user, ...chat, ...more, inputs },
    };
  }

  run(script: string, more?: Json, signal?: AbortSignal): Promise<Response> {
    const { path, body } = this.ask(script, more);
    return this.call('POST', path, body, signal);
  }

  /** A whole run. */
  async events(script: string, more?: Json): Promise<DifyEvent[]> {
    return eventsOf(await (await this.run(script, more)).text());
  }

  /** The JSON of a reply, and its status as `http`. */
  async get(path: string): Promise<Json> {
    const reply = await this.call('GET', path);
    return { http: reply.status, ...((await reply.json()) as Json) };
  }

  attach(runId: string, more = '&include_state_snapshot=true'): Promise<Response> {
    return this.call('GET', `/workflow/${runId}/events?user=${this.user}${more}`);
  }
}
