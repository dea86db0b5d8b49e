import type { ChatEvent } from '../../src/common/contracts/chat-event.js';
import { type RawReply, send } from './http-send.js';
import { fold, type Folded, openStream, type SseStream, type StreamRequest } from './streams/sse.js';

export interface Reply<T> {
  status: number;
  headers: RawReply['headers'];
  text: string;
  body: T;
}

export interface ErrorBody {
  statusCode: number;
  code: string;
  message: string;
  detail: string;
  request_id: string;
  errors?: { field: string; message: string }[];
}

/** What an answer has come to; apps add steps, sources and the like. */
export interface ResultBody {
  value: string;
  reasoning?: string;
  usage?: object;
  [extra: string]: unknown;
}

export interface SubtaskBody {
  id: number;
  role: 'USER' | 'ASSISTANT';
  prompt: string;
  message_id: number;
  parent_id: number;
  status: string;
  progress: number;
  result: ResultBody | null;
  error_message: string | null;
  version?: { index: number; count: number; subtask_ids: number[] };
  bots?: object[];
}

export interface TaskBody {
  id: number;
  title: string;
  prompt: string;
  status: string;
  progress: number;
  team_id: number;
  result: ResultBody | null;
  error_message: string | null;
  completed_at: string | null;
  follow_ups: number;
  subtasks: SubtaskBody[];
}

/** A turn that was read to its end. */
export interface Turn extends Folded {
  taskId: number;
  subtaskId: number;
  stream: SseStream;
}

type Json = Record<string, unknown>;

/** Calls of one server's API. */
export class Api {
  constructor(
    private readonly url: string,
    private readonly headers: Record<string, string> = {},
    private readonly prefix = '/api',
  ) {}

  /** The same server, called by the owner of a token. */
  as(token: string): Api {
    return new Api(this.url, { authorization: `Bearer ${token}` });
  }

  get<T = Json>(path: string, headers?: Record<string, string>): Promise<Reply<T>> {
    return this.call<T>('GET', path, undefined, headers);
  }

  post<T = Json>(path: string, body: unknown = {}, headers?: Record<string, string>): Promise<Reply<T>> {
    return this.call<T>('POST', path, body, headers);
  }

  async call<T = Json>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply<T>> {
    const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };

    return this.raw<T>(method, path, body === undefined ? undefined : JSON.stringify(body), { ...json, ...headers });
  }

  /** Any bytes with any headers. */
  async raw<T = Json>(
    method: string,
    path: string,
    payload: string | Buffer | undefined,
    headers: Record<string, string> = {},
  ): Promise<Reply<T>> {
    const { host, port } = new URL(this.url);
    const own = { host, 'content-length': String(Buffer.byteLength(payload ?? '')) };
    const message = { method, path: this.prefix + path, payload, headers: { ...own, ...this.headers, ...headers } };
    const reply = await send(Number(port), message);
    const isJson = String(reply.headers['content-type']).startsWith('application/json');

    return { ...reply, body: (isJson && reply.text ? JSON.parse(reply.text) : null) as T };
  }

  open(path: string, options: StreamRequest = {}): Promise<SseStream> {
    return openStream(`${this.url}/api${path}`, { ...options, headers: { ...this.headers, ...options.headers } });
  }

  /** Starts a turn; resolves with its stream, of which only the head has been read. */
  ask(body: Json | string, headers?: Record<string, string>): Promise<SseStream> {
    const json = typeof body === 'string' ? { prompt: body } : body;

    return this.open('/direct-chat/stream', { method: 'POST', body: json, ...(headers && { headers }) });
  }

  /** Starts a turn and reads it to its end. */
  async turn(body: Json | string, headers?: Record<string, string>): Promise<Turn> {
    const stream = await this.ask(body, headers);
    if (!stream.isStream) throw new Error(`HTTP ${stream.status}: ${(await stream.untilClosed()).text}`);
    await stream.untilClosed();

    return { ...startOf(stream), ...fold(stream.events), stream };
  }

  /** Attaches to an answer after the event `lastEventId`. */
  attach(taskId: number, lastEventId?: string, query = ''): Promise<SseStream> {
    return this.open(`/direct-chat/${taskId}/stream${query}`, {
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    });
  }

  cancel<T = Json>(taskId: number): Promise<Reply<T>> {
    return this.post<T>(`/direct-chat/${taskId}/cancel`);
  }

  async task(taskId: number): Promise<TaskBody> {
    const { status, body, text } = await this.get<TaskBody>(`/tasks/${taskId}`);
    if (status !== 200) throw new Error(`GET /tasks/${taskId}: HTTP ${status} ${text}`);

    return body;
  }

  /** The answer's row. */
  async answer(taskId: number, subtaskId: number): Promise<SubtaskBody> {
    const found = (await this.task(taskId)).subtasks.find(({ id }) => id === subtaskId);
    if (!found) throw new Error(`task ${taskId} has no subtask ${subtaskId}`);

    return found;
  }
}

/** The ids in the `start` event that a stream has received. */
export function startOf({ events }: SseStream): { taskId: number; subtaskId: number } {
  const start = events
    .map(({ data }) => data)
    .find((data): data is Extract<ChatEvent, { type: 'start' }> => data.type === 'start');
  if (!start) throw new Error('the stream has no start event');

  return { taskId: start.task_id, subtaskId: start.subtask_id };
}

/** Waits for the `start` event and gives its ids. */
export async function started(stream: SseStream): Promise<{ taskId: number; subtaskId: number }> {
  await stream.untilType('start');

  return startOf(stream);
}
