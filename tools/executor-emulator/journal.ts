// The emulator's record of requests and replies, for tests.
import { asObject } from '../shared/json.js';

const MAX_EXCHANGES = 5000;

/** One request to the backend and its answer. */
export interface Exchange {
  /** Milliseconds since the epoch. */
  at: number;
  kind: 'dispatch' | 'report' | 'heartbeat' | 'attack';
  taskId?: number;
  subtaskId?: number;
  /** Name of the lie or the attack. */
  note?: string;
  body: unknown;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** Parsed JSON of the answer, else its text. */
  reply: unknown;
}

/** Running totals. */
export interface Counters {
  /** Subtasks that were handed out, each time. */
  dispatched: number;
  reports: number;
  heartbeats: number;
  attacks: number;
  /** Answers with `ignored`. */
  ignored: number;
  /** Answers of 400 to 499. */
  refused: number;
  /** Requests without an answer, or with one from 500 on. */
  failed: number;
  cancels: number;
  deletes: number;
}

/** Records the exchanges of one emulator. */
export class Journal {
  /** The last 5000, oldest first; always the same array. */
  readonly exchanges: Exchange[] = [];
  /** Always the same object. */
  readonly counters: Counters = {
    ...{ dispatched: 0, reports: 0, heartbeats: 0, attacks: 0, ignored: 0, refused: 0, failed: 0 },
    ...{ cancels: 0, deletes: 0 },
  };

  /** @param output receives one line for each step; without it nothing is written */
  constructor(private readonly output: (line: string) => void = () => undefined) {}

  /** Records, counts and logs an exchange. Empty polls are not recorded. */
  add(exchange: Exchange): void {
    const { counters } = this;
    const { kind, status, reply } = exchange;
    if (kind === 'report') counters.reports += 1;
    if (kind === 'heartbeat') counters.heartbeats += 1;
    if (kind === 'attack') counters.attacks += 1;
    if ('ignored' in asObject(reply)) counters.ignored += 1;
    if (status >= 400 && status < 500) counters.refused += 1;
    if (status === 0 || status >= 500) counters.failed += 1;
    this.exchanges.push(exchange);
    if (this.exchanges.length > MAX_EXCHANGES) this.exchanges.shift();
    this.log(lineOf(exchange));
  }

  /** Writes a line to the log. */
  log(line: string): void {
    this.output(`${new Date().toISOString().slice(11, 23)} ${line}`);
  }
}

function lineOf({ kind, taskId, subtaskId, note, body, status, reply }: Exchange): string {
  const { status: state, progress } = asObject(body);
  const what = typeof state === 'string' ? `${kind} ${state} ${Number(progress)}` : kind;
  const subject = subtaskId === undefined ? what : `task ${taskId} subtask ${subtaskId}: ${what}`;
  return `${subject}${note ? ` (${note})` : ''} -> ${answerLine(status, reply)}`;
}

function answerLine(status: number, reply: unknown): string {
  const { ignored, code } = asObject(reply);
  if (status === 0) return `no answer: ${String(reply)}`;
  if (typeof ignored === 'string') return `${status}, ignored: ${ignored}`;
  return typeof code === 'string' ? `${status} ${code}` : String(status);
}
