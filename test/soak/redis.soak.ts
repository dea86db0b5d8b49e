import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endAll, nth } from '../support/child.js';
import { expectAgreement, type Follower, pathOf } from '../support/streams/follower.js';
import { disturb, startAnswers, type Trouble, TROUBLES, WHOLE, WHOLE_END } from '../support/stores/redis-rounds.js';
import { fold } from '../support/streams/sse.js';
import { Stage } from '../support/stages/stage.js';

const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 0);
/** Where the logs of a round with a flaw go. */
const DIRECTORY = process.env['SOAK_DIRECTORY'] ?? '';
/** The moments of an answer at which something happens, in turn. */
const MOMENTS = 10;
const MOMENT_MS = 300;
/** A reader without an end for longer counts as stuck. */
const STUCK_MS = 90_000;

/** What a reader may have got instead of the whole answer. */
type Flaw = 'lost' | 'stuck' | 'cut';

interface Round {
  index: number;
  trouble: Trouble;
  afterMs: number;
}

describe('rounds of trouble with Redis and servers', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start(
      'distributed',
      { MAX_RUNNING_TASKS_PER_USER: '100000', LOST_RUN_AGE_SECONDS: '3', MAINTENANCE_INTERVAL_MS: '1000' },
      2,
    );
  });

  afterAll(() => endAll(stage));

  it(
    `${ROUNDS} rounds: no answer is lost, stuck or cut`,
    async () => {
      const counts = { readers: 0, lost: 0, stuck: 0, cut: 0 };
      for (let index = 0; index < ROUNDS; index += 1) {
        const round = roundOf(index);
        const flaws = await run(stage, round);
        counts.readers += flaws.length;
        for (const flaw of flaws) if (flaw) counts[flaw] += 1;
        report(`${index + 1} of ${ROUNDS}, ${round.trouble} after ${round.afterMs} ms: ${JSON.stringify(counts)}`);
        if (flaws.some(Boolean)) writeLogs(stage, round);
      }

      expect(counts).toEqual({ readers: counts.readers, lost: 0, stuck: 0, cut: 0 });
    },
    ROUNDS * 2 * STUCK_MS + 1,
  );
});

function roundOf(index: number): Round {
  const moment = Math.floor(index / TROUBLES.length) % MOMENTS;

  return { index, trouble: nth(TROUBLES, index % TROUBLES.length), afterMs: moment * MOMENT_MS };
}

/** @returns for each reader what is wrong with what it got */
async function run(stage: Stage, { trouble, afterMs }: Round): Promise<(Flaw | null)[]> {
  await stage.revive();
  await stage.untilReady();
  const followers = await startAnswers(stage);
  await sleep(afterMs);
  await disturb(stage, trouble);
  const end = Date.now() + STUCK_MS;

  return Promise.all(followers.map((follower) => flawOf(stage, follower, end)));
}

async function flawOf(stage: Stage, follower: Follower, end: number): Promise<Flaw | null> {
  const finished = follower.finished.catch((error: unknown) => void report(String(error)));
  const events = await Promise.race([finished, sleep(end - Date.now(), null, { ref: false })]);
  if (!events) return report(`stuck: ${pathOf(follower.events)}`, 'stuck');
  const { content, terminal } = fold(events);
  if (terminal?.type !== 'done') return report(`lost: ${JSON.stringify(terminal)}, ${pathOf(events)}`, 'lost');
  const isWhole = content === WHOLE && terminal.length === WHOLE_END.length && terminal.sha256 === WHOLE_END.sha256;
  if (!isWhole) return report(`cut to ${content.length} characters: ${pathOf(events)}`, 'cut');
  const agreement = await expectAgreement(stage, events).then(() => null, String);

  return agreement === null ? null : report(`lost in the database: ${agreement}`, 'lost');
}

/** Writes a line at once: jest keeps what tests log until they end. @returns `flaw` */
function report<T>(line: string, flaw?: T): T {
  writeSync(2, `${new Date().toISOString()} ${line}\n`);

  return flaw as T;
}

function writeLogs({ servers }: Stage, { index }: Round): void {
  if (DIRECTORY === '') return;
  mkdirSync(DIRECTORY, { recursive: true });
  for (const [server, { logs }] of servers.entries()) {
    writeFileSync(join(DIRECTORY, `round-${index + 1}-server-${server}.log`), logs);
  }
}
