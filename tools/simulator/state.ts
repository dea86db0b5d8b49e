// What the simulator remembers of the traffic: for tests that prove what a client sent and when it hung up.
import type { IncomingHttpHeaders } from 'node:http';
import { createDifyState, type DifyState, resetDify } from './dify/runs/dify-state.js';
import type { Script } from './script.js';

const MAX_REQUESTS = 1000;
const MAX_KEYS = 10_000;

/** One request to a provider. Times are milliseconds since the epoch, with fractions. */
export interface CapturedRequest {
  id: number;
  provider: string;
  method: string;
  path: string;
  /** What stood behind the `?`. */
  query?: string;
  headers: IncomingHttpHeaders;
  /** The parsed JSON, or the raw text when it is no JSON. */
  body: unknown;
  time: number;
  script?: Script;
  status?: number;
  tokens_sent: number;
  /** Set when the answer was complete, or was broken off by its own case. */
  finished_at?: number;
  /** Set when the client closed the connection before the end of the answer. */
  aborted_at?: number;
}

/** Running totals since the start or the last reset. */
export interface Counters {
  requests: number;
  /** Answers in progress: streams that run or hang, also those still waiting for their headers. */
  openStreams: number;
  totalStreams: number;
  aborts: number;
  tokensSent: number;
  lastAbortAt: number | null;
}

/** The memory of one simulator. */
export interface SimulatorState {
  readonly requests: CapturedRequest[];
  readonly counters: Counters;
  /** How often each `key` of a script was seen. */
  readonly attempts: Map<string, number>;
  readonly dify: DifyState;
  /** What to do for questions without a directive of their own, by question. */
  readonly scripts: ReadonlyMap<string, string>;
  /** Paced answers wait when they have sent so many tokens. */
  heldAt: number;
}

const ZERO: Omit<Counters, 'openStreams'> = {
  requests: 0,
  totalStreams: 0,
  aborts: 0,
  tokensSent: 0,
  lastAbortAt: null,
};

/** The wall clock with a monotonic, sub-millisecond advance. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

/** A fresh memory. */
export function createState(scripts: Readonly<Record<string, string>> = {}): SimulatorState {
  return {
    scripts: new Map(Object.entries(scripts)),
    requests: [],
    counters: { ...ZERO, openStreams: 0 },
    attempts: new Map(),
    dify: createDifyState(),
    heldAt: Infinity,
  };
}

/** Forgets requests, totals, keys and what Dify apps keep, and holds no answer back; streams that are open go on and stay counted as open. */
export function resetState(state: SimulatorState): void {
  state.requests.length = 0;
  state.attempts.clear();
  Object.assign(state.counters, ZERO);
  state.heldAt = Infinity;
  resetDify(state.dify);
}

/** Keeps the request, dropping the oldest ones. */
export function capture(state: SimulatorState, request: CapturedRequest): void {
  state.counters.requests += 1;
  state.requests.push(request);
  if (state.requests.length > MAX_REQUESTS) state.requests.shift();
}

/** Whether the case of a script strikes this time: always, or only for the first `times` requests of its key. */
export function strikes(state: SimulatorState, script: Script): boolean {
  if (script.times === undefined) return true;
  const key = script.key ?? `case ${script.case}`;
  const attempt = (state.attempts.get(key) ?? 0) + 1;
  if (attempt === 1 && state.attempts.size >= MAX_KEYS) state.attempts.clear();
  state.attempts.set(key, attempt);
  return attempt <= script.times;
}
