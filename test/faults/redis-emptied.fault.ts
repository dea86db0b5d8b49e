import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { endAll } from '../support/child.js';
import { expectAgreement, expectOneEnd, type Follower, pathOf } from '../support/streams/follower.js';
import { disturb, startAnswers, WHOLE, WHOLE_END } from '../support/stores/redis-rounds.js';
import { fold, type Received } from '../support/streams/sse.js';
import { Stage } from '../support/stages/stage.js';

describe('Redis loses its data, or takes no more, in the middle of answers', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start(
      'distributed',
      { MAX_RUNNING_TASKS_PER_USER: '1000', LOST_RUN_AGE_SECONDS: '3', MAINTENANCE_INTERVAL_MS: '1000' },
      2,
    );
  });

  beforeEach(async () => {
    await stage.revive();
    await stage.untilReady();
  });

  afterAll(() => endAll(stage));

  async function expectWhole(followers: readonly Follower[]): Promise<void> {
    for (const follower of followers) {
      const events = await follower.finished;
      expectWholeEvents(events);
      await expectAgreement(stage, events);
    }
  }

  it.each([
    ['is emptied at the start', 'emptied', 0],
    ['is emptied in the middle', 'emptied', 1_200],
    ['is killed and starts empty', 'restarted empty', 1_200],
    ['is killed and starts empty, a moment after a server was killed', 'server killed, restarted empty', 500],
    ['is replaced by a replica that lags', 'replaced by a lagging replica', 500],
    ['has no memory left, and forks', 'out of memory', 500],
  ] as const)('%s: every reader gets the whole answer', async (_what, trouble, afterMs) => {
    const followers = await startAnswers(stage);
    await sleep(afterMs);
    await disturb(stage, trouble);

    await expectWhole(followers);
  });

  it('is emptied at ten moments: every reader gets the whole answer', async () => {
    const followers = await startAnswers(stage);
    for (let moment = 0; moment < 10; moment += 1) {
      await sleep(250);
      await disturb(stage, 'emptied');
    }

    await expectWhole(followers);
  });
});

function expectWholeEvents(events: readonly Received[]): void {
  expectOneEnd(events);
  const { content, terminal } = fold(events);
  if (content !== WHOLE) throw new Error(`${content.length} characters of ${WHOLE.length}: ${pathOf(events)}`);
  expect(terminal).toMatchObject(WHOLE_END);
}
