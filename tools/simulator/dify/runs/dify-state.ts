// What simulated Dify apps keep: runs, conversations, messages, uploads, forms. Everything belongs to one key and user.
import type { Json } from '../../../shared/json.js';
import type { DifyApp } from '../dify-apps.js';
import type { DifyRun } from './dify-run.js';

const MAX_KEPT = 2000;

/** Running totals since the start or the last reset. */
export interface DifyCounters {
  /** Runs started: one for each message and each workflow. */
  runs: number;
  /** Runs in progress, the paused ones included, with or without readers. */
  activeRuns: number;
  /** Stops asked for, those that had nothing to stop included. */
  stops: number;
  /** Runs that a stop ended. */
  stopped: number;
  /** Streams of `/workflow/{id}/events`. */
  attaches: number;
  runReads: number;
  infos: number;
  parameters: number;
  uploads: number;
  uploadedBytes: number;
  /** Uploads that the client broke off. */
  brokenUploads: number;
  formsSubmitted: number;
  suggestions: number;
  feedbacks: number;
}

/** A conversation of one user with one app. */
export interface Conversation {
  id: string;
  key: string;
  user: string;
  name: string;
  createdAt: number;
  turns: number;
}

/** A question with its answer. */
export interface Message {
  id: string;
  conversationId: string;
  /** The run of a workflow that answered. */
  runId: string | null;
  key: string;
  user: string;
  query: string;
  inputs: Json;
  answer: string;
  createdAt: number;
  suggestMs: number;
  feedback: Json | null;
}

/** An uploaded file; its bytes are counted and forgotten. */
export interface Upload {
  id: string;
  key: string;
  user: string;
  name: string;
  size: number;
  mimeType: string;
  sha256: string;
}

/** A form that waits for a human. */
export interface HumanForm {
  id: string;
  token: string;
  /** Seconds since the epoch. */
  expiresAt: number;
  state: 'open' | 'submitted' | 'expired';
  submitted?: { action: string; inputs: Json };
  run: DifyRun;
  /** Lets the run go on, with what was submitted or with the timeout. */
  resume: () => void;
}

/** The memory of all apps of one simulator. */
export interface DifyState {
  readonly counters: DifyCounters;
  /** By task id; `byRun` by workflow run id. */
  readonly runs: Map<string, DifyRun>;
  readonly byRun: Map<string, DifyRun>;
  readonly conversations: Map<string, Conversation>;
  readonly messages: Map<string, Message>;
  readonly uploads: Map<string, Upload>;
  readonly forms: Map<string, HumanForm>;
  /** How often each key called what, for keys that change their mind. */
  readonly calls: Map<string, number>;
}

const ZERO: Omit<DifyCounters, 'activeRuns'> = {
  runs: 0,
  stops: 0,
  stopped: 0,
  attaches: 0,
  runReads: 0,
  infos: 0,
  parameters: 0,
  uploads: 0,
  uploadedBytes: 0,
  brokenUploads: 0,
  formsSubmitted: 0,
  suggestions: 0,
  feedbacks: 0,
};

/** A fresh memory. */
export function createDifyState(): DifyState {
  return {
    counters: { ...ZERO, activeRuns: 0 },
    runs: new Map(),
    byRun: new Map(),
    conversations: new Map(),
    messages: new Map(),
    uploads: new Map(),
    forms: new Map(),
    calls: new Map(),
  };
}

/** Forgets everything but the runs in progress. */
export function resetDify(state: DifyState): void {
  Object.assign(state.counters, ZERO);
  for (const kept of [state.conversations, state.messages, state.uploads, state.calls]) kept.clear();
  for (const [id, run] of state.runs) if (!run.active) state.runs.delete(id);
  for (const [id, run] of state.byRun) if (!run.active) state.byRun.delete(id);
  for (const [token, form] of state.forms) if (!form.run.active) state.forms.delete(token);
}

/** Keeps something under its id, dropping the oldest ones. */
export function keep<T>(map: Map<string, T>, id: string, value: T): void {
  map.set(id, value);
  if (map.size <= MAX_KEPT) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

/** Counts a call of a key. @returns the number of this call, from 1 */
export function countCall(state: DifyState, app: DifyApp, what: string): number {
  const name = `${app.key} ${what}`;
  const number = (state.calls.get(name) ?? 0) + 1;
  keep(state.calls, name, number);
  return number;
}
