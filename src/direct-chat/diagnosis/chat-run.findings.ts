/** Explains the state of a run to its owner, from the facts of queue and stream. Pure. */
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import type { DifyRun } from '../../common/contracts/dify.js';
import { duration, type Findings } from '../../tasks/diagnosis/findings.js';
import { CHAT_RUNS } from '../queue/chat-runs.jobs.js';
import type { StreamHealth } from './chat-run.inspector.js';

/** Facts about a run. */
export interface ChatRunFacts {
  /** State of its job; `unknown` when the queue does not have it. */
  state: string;
  /** Position in the queue, 1 = next; null when it does not wait. */
  position: number | null;
  /** How many run at a time in the whole installation. */
  maxConcurrent: number;
  /** Milliseconds that the worker's lock still lives; 0 or less when there is none. */
  lockMs: number;
  stream: StreamHealth;
  /** Name of the model or app that is asked; `unknown` when its bot or model is gone. */
  model: string;
  /** Its run at an app; null when a model answers, or nothing is known of one yet. */
  run: DifyRun | null;
  /** Name of the process that answers. */
  here: string;
  limits: { firstTokenMs: number; idleMs: number };
  /** Milliseconds since the epoch. */
  now: number;
}

/** A model counts as silent after this time, or after half of its timeout if that is shorter. */
const SILENT_MS = 10_000;
/** Events that precede the first one of the model. */
const BEFORE_TEXT: readonly ChatEvent['type'][] = ['queued', 'reset', 'start'];

/** Returns the findings for the owner of a run. @param base findings from its database row */
export function findingsOf(base: Findings, facts: ChatRunFacts): Findings {
  const { stream, state, position, now } = facts;
  const queue = { name: CHAT_RUNS, state, position: state === 'active' ? null : position };
  const lastEventAt = stream.silentMs === null ? base.lastEventAt : new Date(now - stream.silentMs);
  const known = { ...base, queue, lastEventAt };
  switch (state) {
    case 'active':
      return { ...known, ...activeRun(facts) };
    case 'waiting':
    case 'prioritized':
      return { ...known, hints: [waitingHint(facts)] };
    case 'delayed':
      return { ...known, ...delayedRun(facts) };
    default:
      return { ...known, hints: ['No queue knows its run; it is found and started again within 35 s'] };
  }
}

function waitingHint({ position, maxConcurrent }: ChatRunFacts): string {
  if (position === null) return 'It waits for a free place';

  return `It waits for a free place: ${position - 1} before it, ${maxConcurrent} run at a time`;
}

function activeRun(facts: ChatRunFacts): Pick<Findings, 'owner' | 'leaseExpiresAt' | 'upstream' | 'hints'> {
  const { here, lockMs, now } = facts;
  const { owner } = facts.stream;
  const upstream = upstreamOf(facts);
  if (lockMs <= 0) {
    const hint = `Its worker${owner ? ` (${owner})` : ''} is lost; another one takes it within 5 s`;

    return { owner: null, leaseExpiresAt: null, upstream, hints: [hint] };
  }
  const leaseExpiresAt = new Date(now + lockMs);
  if (owner === null) return { owner, leaseExpiresAt, upstream, hints: ['A worker has just taken it'] };
  const where = owner === here ? 'It runs in the process that answers here' : 'It runs in another process';

  return { owner, leaseExpiresAt, upstream, hints: [...silence(facts), `${where} (${owner})`] };
}

function delayedRun(facts: ChatRunFacts): Pick<Findings, 'hints'> & Partial<Findings> {
  const { run, now } = facts;
  if (run?.pausedAt == null) {
    return { hints: ['A part of the service (database or Redis) failed under it; it is tried again within 5 s'] };
  }
  const tokens = (run.forms ?? []).flatMap(({ token }) => token ?? []);
  const how = tokens.length > 0 ? `POST /input with form_token ${tokens.join(' or ')}` : 'it is to be answered at Dify';
  const waits = `The app waits for a person since ${duration(now - run.pausedAt)}: ${how}`;

  const hints = [waits, 'It takes no place in the meantime'];

  return { upstream: upstreamOf(facts), nextAction: 'answer_input', hints };
}

/** Names the run at an app as the app's own logs do. */
function upstreamOf({ run, model }: ChatRunFacts): NonNullable<Findings['upstream']> {
  if (!run) return { kind: 'model', id: model };

  return { kind: 'dify', id: run.runId ?? run.messageId ?? run.taskId ?? model };
}

/** Returns how long the model has been silent and when the run times out; nothing for a short silence. */
function silence({ stream: { silentMs, newest }, limits, run }: ChatRunFacts): string[] {
  if (silentMs === null || newest === null) return [];
  const begins = BEFORE_TEXT.includes(newest.type);
  const limit = begins ? limits.firstTokenMs : limits.idleMs;
  if (silentMs < Math.min(SILENT_MS, limit / 2)) return [];
  // An app also sends pings, which are no events.
  if (run) return [`The app has told nothing for ${duration(silentMs)}`];
  const what = begins ? 'The model has not begun to answer' : 'The model has been silent';

  return [`${what} for ${duration(silentMs)}; in ${duration(limit - silentMs)} it is given up, and the answer fails`];
}
