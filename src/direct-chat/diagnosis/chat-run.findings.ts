/** Explains the state of a run to its owner, from the facts of queue and stream. Pure. */
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import type { DifyRun } from '../../common/contracts/dify.js';
import type { Findings } from '../../tasks/diagnosis/findings.js';
import { type Hint, hint, secondsOf } from '../../tasks/diagnosis/hints.js';
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
/** A lost worker's run is taken over, and a failed one tried again, within this time; one that no queue knows later. */
const RETRY_SECONDS = 5;
const RECOVERY_SECONDS = 35;
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
      return { ...known, hints: [hint('run_unknown', { within_seconds: RECOVERY_SECONDS })] };
  }
}

function waitingHint({ position, maxConcurrent }: ChatRunFacts): Hint {
  if (position === null) return hint('queued', {});

  return hint('queued_behind', { ahead: position - 1, limit: maxConcurrent });
}

function activeRun(facts: ChatRunFacts): Pick<Findings, 'owner' | 'leaseExpiresAt' | 'upstream' | 'hints'> {
  const { here, lockMs, now } = facts;
  const { owner } = facts.stream;
  const upstream = upstreamOf(facts);
  if (lockMs <= 0) {
    return { owner: null, leaseExpiresAt: null, upstream, hints: [lostHint(owner)] };
  }
  const leaseExpiresAt = new Date(now + lockMs);
  if (owner === null) return { owner, leaseExpiresAt, upstream, hints: [hint('worker_claimed', {})] };
  const runs = hint(owner === here ? 'runs_here' : 'runs_elsewhere', { owner });

  return { owner, leaseExpiresAt, upstream, hints: [...silence(facts), runs] };
}

function lostHint(owner: string | null): Hint {
  const within_seconds = RETRY_SECONDS;

  return owner ? hint('worker_lost_named', { owner, within_seconds }) : hint('worker_lost', { within_seconds });
}

function delayedRun(facts: ChatRunFacts): Pick<Findings, 'hints'> & Partial<Findings> {
  const { run, now } = facts;
  if (run?.pausedAt == null) {
    return { hints: [hint('stores_failed', { within_seconds: RETRY_SECONDS })] };
  }
  const tokens = (run.forms ?? []).flatMap(({ token }) => token ?? []);
  const since_seconds = secondsOf(now - run.pausedAt);
  const waits =
    tokens.length > 0
      ? hint('form_waits', { since_seconds, form_tokens: tokens.join(' or ') })
      : hint('form_waits_at_dify', { since_seconds });

  return { upstream: upstreamOf(facts), nextAction: 'answer_input', hints: [waits, hint('occupies_no_place', {})] };
}

/** Names the run at an app as the app's own logs do. */
function upstreamOf({ run, model }: ChatRunFacts): NonNullable<Findings['upstream']> {
  if (!run) return { kind: 'model', id: model };

  return { kind: 'dify', id: run.runId ?? run.messageId ?? run.taskId ?? model };
}

/** Returns how long the model has been silent and when the run times out; nothing for a short silence. */
function silence({ stream: { silentMs, newest }, limits, run }: ChatRunFacts): Hint[] {
  if (silentMs === null || newest === null) return [];
  const begins = BEFORE_TEXT.includes(newest.type);
  const limit = begins ? limits.firstTokenMs : limits.idleMs;
  if (silentMs < Math.min(SILENT_MS, limit / 2)) return [];
  // An app also sends pings, which are no events.
  const since_seconds = secondsOf(silentMs);
  if (run) return [hint('app_silent', { since_seconds })];
  const within_seconds = secondsOf(limit - silentMs);

  return [hint(begins ? 'model_not_begun' : 'model_silent', { since_seconds, within_seconds })];
}
