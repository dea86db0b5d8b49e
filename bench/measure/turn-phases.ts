/** Cuts the life of a turn into phases, and adds up what falls into each. Pure. */
import type { Sample } from './hot-spots.js';
import type { SeenCommand } from './redis-watch.js';

/**
 * `accept`: checks and admission. `store`: until the job is on its way to the queue. `queue`: until a worker has the
 * job. `take`: until the provider is asked. `ask`: until the client has the first token. `stream`: until the provider
 * has sent all. `end`: until the client has the end. `after`: what is done when the client has gone.
 */
export const PHASES = ['accept', 'store', 'queue', 'take', 'ask', 'stream', 'end', 'after'] as const;
export type Phase = (typeof PHASES)[number];

/** When the phases of one turn began, on the monotonic clock; `until` ends the last one. */
export type TurnMarks = Record<Phase | 'until', number>;

/** What is seen of a turn from outside. */
export interface SeenTurn {
  openedAt: number;
  /** At the provider. */
  askedAt: number;
  sentAt: number;
  /** At the client. */
  firstAt: number;
  endedAt: number;
  until: number;
}

const CHAT_RUNS = '{conch}:chat-runs:';

/** The moments that only Redis sees: the first look at the queue, the job in it, the job with a worker. */
export function marksOf(turn: SeenTurn, commands: readonly SeenCommand[]): TurnMarks {
  const within = commands.filter(({ at }) => at >= turn.openedAt && at < turn.askedAt);
  const event = (name: string) =>
    within.find((one) => one.name === 'XADD' && one.args[0] === `${CHAT_RUNS}events` && one.args.includes(name))?.at;
  const active = event('active') ?? turn.askedAt;
  const added = event('waiting') ?? event('added') ?? active;
  const counted = within.find(({ args }) => args.some((arg) => arg.startsWith(CHAT_RUNS)))?.at ?? added;

  return {
    ...{ accept: turn.openedAt, store: Math.min(counted, added), queue: added, take: active },
    ...{ ask: turn.askedAt, stream: turn.firstAt, end: Math.max(turn.sentAt, turn.firstAt) },
    ...{ after: turn.endedAt, until: turn.until },
  };
}

/** The phase of a moment; null between turns. @param turns in their order */
export function phaseAt(turns: readonly TurnMarks[], at: number): Phase | null {
  const turn = turns.findLast(({ accept }) => accept <= at);
  if (!turn || at >= turn.until) return null;

  return PHASES.findLast((phase) => turn[phase] <= at) ?? null;
}

/** One row per key with the most: its sum in each phase and in all, for one turn. */
export function byPhase<T>(
  items: readonly T[],
  turns: readonly TurnMarks[],
  about: { at: (item: T) => number; key: (item: T) => string; value: (item: T) => number },
): Map<string, Map<Phase, number>> {
  const rows = new Map<string, Map<Phase, number>>();
  for (const item of items) {
    const phase = phaseAt(turns, about.at(item));
    if (phase === null) continue;
    const key = about.key(item);
    const row = rows.get(key) ?? new Map<Phase, number>();
    rows.set(key, row);
    row.set(phase, (row.get(phase) ?? 0) + about.value(item) / turns.length);
  }

  return rows;
}

/** Microseconds per turn. */
export function cpuByPhase(
  samples: readonly Sample[],
  turns: readonly TurnMarks[],
  key: (sample: Sample) => string,
): Map<string, Map<Phase, number>> {
  return byPhase(samples, turns, { at: ({ at }) => at, key, value: ({ ms }) => ms * 1000 });
}

/** A table, the rows with the most first. */
export function phaseTable(
  title: string,
  rows: ReadonlyMap<string, ReadonlyMap<Phase, number>>,
  count: number,
): string {
  const sum = (row: ReadonlyMap<Phase, number>) => [...row.values()].reduce((total, value) => total + value, 0);
  const sorted = [...rows].sort(([, a], [, b]) => sum(b) - sum(a)).slice(0, count);
  const cell = (value: number) => (value === 0 ? '' : value.toFixed(value >= 10 ? 0 : 1)).padStart(7);
  const line = (name: string, values: readonly number[]) => `${values.map(cell).join('')}  ${name}`;

  return [
    `${PHASES.map((phase) => phase.padStart(7)).join('')}    all  ${title}`,
    ...sorted.map(([name, row]) => line(name, [...PHASES.map((phase) => row.get(phase) ?? 0), sum(row)])),
  ].join('\n');
}
