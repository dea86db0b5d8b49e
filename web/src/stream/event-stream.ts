import { createParser } from 'eventsource-parser';
import { ApiProblem } from '../api/api-problem';
import { type AnswerConnection, NO_CONNECTION } from './answer/answer-state';
import type { WakeUp } from './wake-ups';

/** The server pings every 15 s: after this silence the connection is dead. */
const SILENCE_MS = 40_000;
/** After this silence a page that comes back does not wait to find out. */
const SUSPICIOUS_MS = 17_000;
const CHECK_MS = 5_000;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 10_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

export interface StreamMessage {
  id: string | null;
  data: string;
}

export interface EventStreamOptions {
  /** Requests the stream after the event `lastEventId`. @throws ApiProblem */
  open: (lastEventId: string | null, signal: AbortSignal) => Promise<Response>;
  onMessage: (message: StreamMessage) => void;
  onConnection: (connection: AnswerConnection) => void;
  /** Whether nothing more comes: the end of the stream is not the loss of a connection then. */
  isComplete: () => boolean;
  /** See `onWakeUp`. */
  onWakeUp: (listener: (wakeUp: WakeUp) => void) => () => void;
  isOnline: () => boolean;
  lastEventId?: string | null;
}

/**
 * One event stream that survives lost connections: it resumes after the last event it has received, at once when the
 * page wakes up, else after a growing pause. 204 and refusals that do not pass end it.
 */
export class EventStream {
  private connection = NO_CONNECTION;
  private lastEventId: string | null;
  private lastByteAt = Date.now();
  private failures = 0;
  private isClosed = false;
  /** Ends the request or the reading that is under way. */
  private abort: () => void = () => undefined;
  private endPause: () => void = () => undefined;

  constructor(private readonly options: EventStreamOptions) {
    this.lastEventId = options.lastEventId ?? null;
  }

  /** @param response the stream, when a request has opened it already */
  start(response: Response | null = null): void {
    const silence = setInterval(() => this.abortAfter(SILENCE_MS), CHECK_MS);
    const stopListening = this.options.onWakeUp((wakeUp) => {
      this.endPause();
      this.abortAfter(wakeUp === 'stale' ? 0 : SUSPICIOUS_MS);
    });
    void this.run(response).finally(() => {
      clearInterval(silence);
      stopListening();
    });
  }

  close(): void {
    this.isClosed = true;
    this.abort();
    this.endPause();
  }

  private abortAfter(silenceMs: number): void {
    if (Date.now() - this.lastByteAt >= silenceMs) this.abort();
  }

  private async run(opened: Response | null): Promise<void> {
    let next = opened;
    while (!this.hasClosed()) {
      const problem = await this.follow(next);
      next = null;
      const end = this.endFor(problem);
      this.report(end ?? { status: this.options.isOnline() ? 'reconnecting' : 'offline' });
      if (end) return;
      await this.pause(problem === 'complete' ? null : problem);
    }
  }

  /** Returns how the stream ends after a connection; null when it is to be resumed. */
  private endFor(problem: ApiProblem | 'complete' | null): Partial<AnswerConnection> | null {
    if (this.hasClosed()) return { status: 'idle' };
    if (problem === 'complete' || this.options.isComplete()) return { status: 'ended', problem: null };
    if (problem && !problem.isTemporary && problem.status !== 401) return { status: 'refused', problem };

    return null;
  }

  private hasClosed(): boolean {
    return this.isClosed;
  }

  /** Reads one connection to its end. @returns why it ended; null when it was lost */
  private async follow(opened: Response | null): Promise<ApiProblem | 'complete' | null> {
    try {
      const response = opened ?? (await this.request());
      const resumes = this.connection.resumes + (this.lastEventId !== null && !opened ? 1 : 0);
      this.report({ resumes, requestId: response.headers.get('x-request-id'), problem: null });
      if (response.status === 204) return 'complete';
      await this.read(response);
    } catch (error) {
      return error instanceof ApiProblem ? error : null;
    }

    return null;
  }

  private request(): Promise<Response> {
    const controller = new AbortController();
    this.abort = () => controller.abort();
    this.lastByteAt = Date.now();
    if (this.connection.status === 'idle') this.report({ status: 'connecting' });

    return this.options.open(this.lastEventId, controller.signal);
  }

  private async read({ body }: Response): Promise<void> {
    if (!body) return;
    const reader = body.getReader();
    this.abort = () => void reader.cancel().catch(() => undefined);
    if (this.hasClosed()) this.abort();
    const parser = createParser({ onEvent: ({ id, data }) => this.receive(id, data) });
    const decoder = new TextDecoder();
    this.report({ status: 'live' });
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.hasClosed()) return;
      this.lastByteAt = Date.now();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  private receive(id: string | undefined, data: string): void {
    this.failures = 0;
    // An empty id makes a client forget its position.
    if (id !== undefined) this.lastEventId = id === '' ? null : id;
    this.options.onMessage({ id: id ?? null, data });
  }

  /** Waits before the next request, unless the page wakes up. */
  private pause(problem: ApiProblem | null): Promise<void> {
    const grown = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures);
    const asked = Math.min(LONGEST_RETRY_AFTER_MS, (problem?.retryAfter ?? 0) * 1000);
    const ms = Math.max(asked, grown * (0.5 + Math.random() / 2));
    this.failures += 1;

    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private report(change: Partial<AnswerConnection>): void {
    this.connection = { ...this.connection, ...change };
    this.options.onConnection(this.connection);
  }
}
