// The calls of an executor manager to the backend, with the time limits and repetitions of Wegent's.
import axios, { type AxiosInstance } from 'axios';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from './behaviours.js';
import type { Exchange, Journal } from './journal.js';
import { nowSeconds, signed } from './signature.js';
import type { DispatchedSubtask, Report } from './wire.js';

const TIMEOUT_MS = 3_000;
/** Milliseconds before a callback is sent again that got no answer, or one from 500 on. */
const RETRY_MS = [1_000, 2_000, 4_000];
/** Beyond the window in which a signature counts. */
const OLD_SECONDS = 400;

/** Who the emulator is to the backend. */
export interface BackendOptions {
  /** Without `/api`. */
  url: string;
  /** The backend's INTERNAL_API_TOKEN. */
  token?: string;
  /** Signs requests in place of sending the token. */
  sign: boolean;
}

/** A request as it goes over the wire, kept for replays. */
export interface Prepared {
  method: 'POST' | 'PUT';
  path: string;
  body: string;
  headers: Record<string, string>;
}

/** An answer. */
export interface Answer {
  /** 0 when there was none. */
  status: number;
  reply: unknown;
}

type Subject = Pick<Exchange, 'kind' | 'taskId' | 'subtaskId' | 'note'>;

/** The client of one backend. */
export class Backend {
  private readonly http: AxiosInstance;
  private readonly agent = new Agent({ keepAlive: true });

  /** @param closing ends the waits between repetitions */
  constructor(
    private readonly options: BackendOptions,
    private readonly journal: Journal,
    private readonly closing: AbortSignal,
  ) {
    this.http = axios.create({
      baseURL: options.url.replace(/\/+$/, ''),
      timeout: TIMEOUT_MS,
      httpAgent: this.agent,
      proxy: false,
      maxRedirects: 0,
      responseType: 'text',
      transformResponse: (text: string) => text,
      validateStatus: () => true,
    });
  }

  /** Fetches subtasks. Empty polls are not recorded. @returns an empty list when the backend does not answer */
  async dispatch(query: Record<string, string>): Promise<DispatchedSubtask[]> {
    const path = `/api/executors/tasks/dispatch?${new URLSearchParams(query).toString()}`;
    const answer = await this.send(this.prepare('POST', path, ''));
    const { tasks = [] } = (answer.status === 200 ? answer.reply : {}) as { tasks?: DispatchedSubtask[] };
    if (answer.status === 200) {
      this.journal.counters.dispatched += tasks.length;
      for (const task of tasks) {
        const about = { kind: 'dispatch' as const, taskId: task.task_id, subtaskId: task.subtask_id };
        this.journal.add({ ...about, at: Date.now(), body: query, status: 200, reply: task });
      }
    } else {
      this.journal.add({ kind: 'dispatch', at: Date.now(), body: query, ...answer });
    }
    return tasks;
  }

  /**
   * Sends a callback, again when it fails.
   * @param own the executor's own token; without one the manager passes the callback on
   * @returns the request that was answered, for later replays
   */
  async report(report: Report, own: string | undefined, note?: string): Promise<Prepared> {
    const { task_id: taskId, subtask_id: subtaskId } = report;
    const subject: Subject = { kind: 'report', taskId, subtaskId, note };
    for (let attempt = 0; ; attempt += 1) {
      const request = this.prepare('PUT', `/api/executors/tasks?task_id=${taskId}`, JSON.stringify(report), own);
      const { status } = await this.exchange(subject, request);
      const delay = RETRY_MS[attempt];
      if ((status > 0 && status < 500) || delay === undefined || this.closing.aborted) return request;
      await sleep(delay, undefined, { signal: this.closing }).catch(() => undefined);
    }
  }

  /** Reports that an executor still works on a subtask. */
  async heartbeat({ task_id: taskId, subtask_id: subtaskId, auth_token: own }: DispatchedSubtask, executor: string) {
    const path = `/api/executors/tasks/${subtaskId}/heartbeat`;
    const request = this.prepare('POST', path, JSON.stringify({ executor_name: executor }), own);

    return this.exchange({ kind: 'heartbeat', taskId, subtaskId }, request);
  }

  /**
   * Replays a callback, as an attacker with a copy of it would. Without signatures a changed body cannot be detected, so
   * then only unchanged ones are replayed.
   */
  async attack(taskId: number, subtaskId: number, sent: Prepared, attack: Attack): Promise<void> {
    const request = this.forge(sent, attack);
    if (request) await this.exchange({ kind: 'attack', taskId, subtaskId, note: attack }, request);
  }

  /** Closes idle connections. */
  close(): void {
    this.agent.destroy();
  }

  private forge(sent: Prepared, attack: Attack): Prepared | null {
    const { token, sign } = this.options;
    if (attack === 'again' || attack === 'first-again') return sent;
    if (token === undefined || !sign) return null;
    if (attack === 'changed-body')
      return { ...sent, body: sent.body.replace('"status":"', '"error_message":"x","status":"') };
    if (attack === 'old-timestamp') {
      return { ...sent, headers: { ...sent.headers, ...signed(token, sent, nowSeconds() - OLD_SECONDS) } };
    }
    const later = Number(sent.headers['x-conch-timestamp']) + 1;
    return { ...sent, headers: { ...sent.headers, 'x-conch-timestamp': later.toFixed(6) } };
  }

  /** A signing manager passes on all that its executors say. */
  private prepare(method: Prepared['method'], path: string, body: string, own?: string): Prepared {
    const { token, sign } = this.options;
    const type: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const signs = sign && token !== undefined;
    const bearer = own ?? token;
    const bearing: Record<string, string> = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const proof = signs ? signed(token, { method, path, body }) : bearing;
    return { method, path, body, headers: { ...type, ...proof } };
  }

  private async exchange(subject: Subject, request: Prepared): Promise<Answer> {
    const at = Date.now();
    const answer = await this.send(request);
    this.journal.add({ ...subject, at, body: parsed(request.body), ...answer });
    return answer;
  }

  private async send({ method, path, body, headers }: Prepared): Promise<Answer> {
    try {
      const { status, data } = await this.http.request<string>({
        ...{ method, url: path, signal: this.closing },
        // axios would call an empty body a form.
        ...(body ? { headers, data: body } : { headers: { ...headers, 'content-type': false } }),
      });
      return { status, reply: parsed(data) };
    } catch (error) {
      return { status: 0, reply: error instanceof Error ? error.message : String(error) };
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
