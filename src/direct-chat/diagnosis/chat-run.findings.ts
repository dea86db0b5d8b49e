/** From what queue and stream know of a run to what its owner is told. Pure. */
import type { ChatEvent } from '../../common/chat-event.js';
import type { DifyRun } from '../../common/dify.js';
import { duration, type Findings } from '../../tasks/diagnosis/findings.js';
import { CHAT_RUNS } from '../queue/chat-runs.jobs.js';
import type { StreamHealth } from './chat-run.inspector.js';

/** What is known of a run. */
export interface ChatRunFacts {
  /** State of its job; `unknown` when the queue does not have it. */
  state: string;
  /** Place among those that wait, 1 = next; null when it does not wait. */
  position: number | null;
  /** How many run at a time in the whole installation. */
  maxConcurrent: number;
  /** Milliseconds that the worker's lock still lives; 0 or less when there is none. */
  lockMs: number;
  signs: StreamHealth;
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

/** A model that says nothing for this long counts as silent, or for half of the time that it may be silent. */
const SILENT_MS = 10_000;
/** Events after which nothing of the model has come yet. */
const BEFORE_TEXT: readonly ChatEvent['type'][] = ['queued', 'reset', 'start'];

/** What the owner of a run is told. @param base what its row says */
export function findingsOf(base: Findings, facts: ChatRunFacts): Findings {
  const { signs, state, position, now } = facts;
  const queue = { name: CHAT_RUNS, state, position: state === 'active' ? null : position };
  const lastEventAt = signs.silentMs === null ? base.lastEventAt : new Date(now - signs.silentMs);
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
  const { owner } = facts.signs;
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

/** A run at an app by the name that the app's own logs have. */
function upstreamOf({ run, model }: ChatRunFacts): NonNullable<Findings['upstream']> {
  if (!run) return { kind: 'model', id: model };

  return { kind: 'dify', id: run.runId ?? run.messageId ?? run.taskId ?? model };
}

/** Nothing, or how long the model has been silent and when the run's patience ends. */
function silence({ signs: { silentMs, newest }, limits, run }: ChatRunFacts): string[] {
  if (silentMs === null || newest === null) return [];
  const begins = BEFORE_TEXT.includes(newest.type);
  const limit = begins ? limits.firstTokenMs : limits.idleMs;
  if (silentMs < Math.min(SILENT_MS, limit / 2)) return [];
  // Its pings are a sign of life that no event tells of.
  if (run) return [`The app has told nothing for ${duration(silentMs)}`];
  const code = begins ? 'provider_timeout' : 'provider_idle_timeout';
  const what = begins ? 'The model has not begun to answer' : 'The model has been silent';

  return [`${what} for ${duration(silentMs)}; in ${duration(limit - silentMs)} the answer ends with ${code}`];
}
