/** Work of executors: callbacks applied per second, callback to live event, dispatch out of a long queue. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../../src/common/async/poll-until.js';
import { clockMs } from '../measure/clock.js';
import { ExecutorLab, type Taken } from '../executor-lab.js';
import type { Figure } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { until } from '../servers.js';
import { median, percentile } from '../measure/stats.js';
import { TaskEvents } from '../measure/task-events.js';

const SUBTASKS = 1_000;
const AT_ONCE = 64;
const TEXT = 'So far so good. '.repeat(16);
const EVENT_RATE = 200;
const EVENT_SUBTASKS = 100;
const PENDING = 100_000;
const WARM_UP = 50;
/** What a callback needs is compiled bit by bit over the first 20,000. */
const WARM_UP_ROUNDS = 2;
const NOTHING: Pick<Figure, 'relay'> = { relay: Number.NaN };

interface Sent extends Taken {
  progress: number;
  at: number;
}

function report(own: ExecutorLab, { subtaskId }: Taken, seq: number, last: boolean): Promise<unknown> {
  return own.call('PUT', '/executors/tasks', {
    ...{ subtask_id: subtaskId, status: last ? 'COMPLETED' : 'RUNNING', progress: last ? 100 : seq },
    ...{ result: { value: TEXT }, executor_name: `bench-${subtaskId}`, seq, event_id: `${subtaskId}-${seq}` },
  });
}

/** Runs jobs, so many at a time, in their order. */
async function inTurn<T>(jobs: readonly T[], work: (job: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) await work(job);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

interface CallbackRound {
  /** Callbacks per second. */
  rate: number;
  /** CPU of the server for one callback, in ms. */
  cpu: number;
  redis: number;
}

/** From the first callback until the last one is applied. */
async function callbackRound(own: ExecutorLab, perSubtask: number): Promise<CallbackRound> {
  const subtasks = await own.take(SUBTASKS);
  const jobs = Array.from({ length: perSubtask }, (_, round) => subtasks.map((taken) => ({ taken, seq: round + 1 })));
  const before = await own.applied();
  const cpuBefore = own.cpuMs();
  const startedAt = clockMs();
  await inTurn(jobs.flat(), ({ taken, seq }) => report(own, taken, seq, seq === perSubtask));
  const total = SUBTASKS * perSubtask;
  const isApplied = async () => (await own.applied()) >= before + total;
  const applied = await pollUntil(isApplied, { everyMs: 25, timeoutMs: 60_000 });
  if (!applied) throw new Error(`${before + total - (await own.applied())} callbacks were not applied`);
  const seconds = (clockMs() - startedAt) / 1000;
  const cpuAfter = own.cpuMs();
  process.stderr.write(`  ${total} callbacks in ${seconds.toFixed(2)} s\n`);

  return {
    rate: total / seconds,
    cpu: (cpuAfter.server - cpuBefore.server) / total,
    redis: (cpuAfter.redis - cpuBefore.redis) / total,
  };
}

/** Sends at a fixed rate, whatever the answers take. */
async function paced(own: ExecutorLab, subtasks: readonly Taken[], seconds: number): Promise<Sent[]> {
  const sent: Sent[] = [];
  const replies: Promise<unknown>[] = [];
  const startedAt = clockMs();
  for (let count = 0; count < EVENT_RATE * seconds; count += 1) {
    const wait = startedAt + (count * 1000) / EVENT_RATE - clockMs();
    if (wait > 0) await sleep(wait);
    const taken = subtasks[count % subtasks.length];
    const seq = Math.floor(count / subtasks.length) + 1;
    if (!taken) continue;
    sent.push({ ...taken, progress: seq, at: clockMs() });
    replies.push(report(own, taken, seq, false));
  }
  await Promise.all(replies);

  return sent;
}

/** Changes that follow each other fast may come as one event: it tells of all before it, too. */
function delays(sent: readonly Sent[], { heard }: TaskEvents): number[] {
  return sent.map(({ subtaskId, progress, at }) => {
    const event = heard.find((one) => one.subtaskId === subtaskId && one.progress >= progress);

    return event ? event.at - at : Infinity;
  });
}

async function eventDelays(own: ExecutorLab, seconds: number): Promise<number[]> {
  const subtasks = await own.take(EVENT_SUBTASKS);
  const events = await TaskEvents.open(own.base);
  try {
    await sleep(1_000);
    const sent = await paced(own, subtasks, seconds);
    const isComplete = () => delays(sent.slice(-subtasks.length), events).every(Number.isFinite);
    await until(isComplete, 10_000, 'the last events');

    return delays(sent, events);
  } finally {
    events.close();
  }
}

async function dispatchTimes(own: ExecutorLab, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = -WARM_UP; i < count; i += 1) {
    const startedAt = clockMs();
    await own.take(1);
    if (i >= 0) times.push(clockMs() - startedAt);
  }

  return times;
}

async function measure(own: ExecutorLab, { options }: Lab): Promise<Figure[]> {
  const { quick, rounds } = options;
  const database = options.postgres === undefined ? 'embedded database' : 'Postgres';
  const name = (text: string) => `executors, ${database}: ${text}`;
  const perSubtask = quick ? 5 : 10;
  await own.fill(SUBTASKS * (rounds + WARM_UP_ROUNDS) + EVENT_SUBTASKS);
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await callbackRound(own, perSubtask);
  const callbacks: CallbackRound[] = [];
  for (let round = 0; round < rounds; round += 1) callbacks.push(await callbackRound(own, perSubtask));
  const middle = (key: keyof CallbackRound) => median(callbacks.map((one) => one[key]));
  const events = await eventDelays(own, quick ? 5 : 15);
  await own.fill(PENDING);
  const times = await dispatchTimes(own, quick ? 200 : 1000);
  const ms = (text: string, values: readonly number[], share: number, max?: number): Figure => ({
    ...{ ...NOTHING, name: name(`${text} p${share * 100}`), unit: 'ms', conch: percentile(values, share) },
    ...(max !== undefined && { budget: { of: 'conch', max } }),
  });

  return [
    {
      ...{ ...NOTHING, name: name('callbacks applied'), unit: '/s', conch: middle('rate') },
      budget: { of: 'conch', min: 1500 },
    },
    { ...NOTHING, name: name('CPU per callback'), unit: 'ms', conch: middle('cpu') },
    { ...NOTHING, name: name('CPU of redis-server per callback'), unit: 'ms', conch: middle('redis') },
    ms('callback to live event, 200 callbacks/s,', events, 0.5),
    ms('callback to live event, 200 callbacks/s,', events, 0.99, 100),
    ms('dispatch of 1 out of 100,000 pending', times, 0.5, 10),
    ms('dispatch of 1 out of 100,000 pending', times, 0.99),
  ];
}

export const executors: Part = {
  name: 'executors',
  fresh: true,
  async run(lab: Lab): Promise<Figure[]> {
    const own = await ExecutorLab.open(lab);
    try {
      return await measure(own, lab);
    } finally {
      await own.close();
    }
  },
};
