import { expect } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../api.js';
import { eventually, nth } from '../child.js';
import { fold, isTerminal, type Received, type SseStream } from './sse.js';
import type { Stage } from '../stages/stage.js';

const PATIENCE_MS = 150_000;
const RETRY_MS = 200;

interface Options {
  /** Where to go on when a connection ends, in turn. */
  servers: Api[];
  /** How long to stay away. */
  retryMs?: number;
}

/** A client as browsers are: when its connection ends it comes back with the id of the last event it has. */
export class Follower {
  /** Ends of connections that were no end of the answer. */
  breaks = 0;
  /** Resolves with everything received, once the terminal event has come. */
  readonly finished: Promise<Received[]>;
  private readonly past: Received[] = [];

  constructor(
    private current: SseStream,
    private readonly taskId: number,
    private readonly options: Options,
  ) {
    this.finished = this.follow();
    this.finished.catch(() => undefined);
  }

  get events(): Received[] {
    return [...this.past, ...this.current.events];
  }

  private async follow(): Promise<Received[]> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      await this.current.untilClosed(Math.max(end - Date.now(), 1));
      if (this.current.isComplete) return this.events;
      this.breaks += 1;
      await sleep(this.options.retryMs ?? RETRY_MS);
      const next = await this.connect(end);
      this.past.push(...this.current.events);
      this.current = next;
    }
  }

  private async connect(end: number): Promise<SseStream> {
    const lastId = this.events.at(-1)?.id;
    for (let attempt = this.breaks - 1; ; attempt += 1) {
      const server = this.options.servers[attempt % this.options.servers.length];
      const stream = await server?.attach(this.taskId, lastId).catch(() => null);
      if (stream?.isStream) return stream;
      if (stream?.status === 204) throw new Error(`204 after ${lastId}, although no terminal event has come`);
      if (Date.now() > end) throw new Error(`no server took the client back after ${lastId}: HTTP ${stream?.status}`);
      await sleep(RETRY_MS);
    }
  }
}

const STATUS = { done: 'COMPLETED', error: 'FAILED', cancelled: 'CANCELLED' } as const;

interface Row {
  status: string;
  task_status: string;
  value: string | null;
}

/** Checks that the database has what a client saw: the same end, the same text, of the answer and of its task. */
export async function expectAgreement(stage: Stage, events: readonly Received[]): Promise<void> {
  const { content, terminal } = fold(events);
  if (!terminal) throw new Error('the client has seen no end');
  const subtaskId = events[0]?.subtaskId;
  const row = await eventually(
    `the database has the end of answer ${subtaskId}`,
    async () => {
      const [found] = await stage.postgres
        .query<Row>(
          `select s.status, t.status as task_status, s.result->>'value' as value
           from subtasks s join tasks t on t.id = s.task_id where s.id = $1`,
          [subtaskId],
        )
        .catch(() => []);

      return found && ['COMPLETED', 'FAILED', 'CANCELLED'].includes(found.status) && found;
    },
    60_000,
  );

  expect(row).toEqual({ status: STATUS[terminal.type], task_status: STATUS[terminal.type], value: content });
}

/** Which of the servers runs an answer. */
export async function runnerOf(stage: Stage, subtaskId: number): Promise<number> {
  const line = `subtask ${subtaskId}: run started`;
  const index = await eventually('a worker takes the run', () => {
    const found = stage.servers.findIndex(({ logs }) => logs.includes(line));

    return found >= 0 && { found };
  });

  return index.found;
}

/** Whether a client got exactly one end, as the last event. */
export function expectOneEnd(events: readonly Received[]): void {
  expect(events.filter(({ data }) => isTerminal(data))).toHaveLength(1);
  expect(isTerminal(nth(events, -1).data)).toBe(true);
}

/** The events in short: `1-5 start content …`, with the numbers of neighbours joined. */
export function pathOf(events: readonly Received[]): string {
  const parts: string[] = [];
  for (const [index, { seq, data }] of events.entries()) {
    const previous = events[index - 1];
    if (previous?.seq !== seq - 1 || previous.data.type !== data.type) parts.push(`${seq} ${data.type}`);
  }

  return parts.join(', ');
}
