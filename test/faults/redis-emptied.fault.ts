import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { endAll, nth } from '../support/child.js';
import { expectAgreement, expectOneEnd, Follower, pathOf } from '../support/follower.js';
import { fold, type Received } from '../support/sse.js';
import { script, Stage } from '../support/stage.js';

const ANSWERS = 10;
const TOKENS = 120;
const WHOLE = generatedText(TOKENS);

describe('Redis loses its data in the middle of answers', () => {
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

  /** Answers that run on both servers, each with a reader at each of them. */
  async function startAnswers(): Promise<Follower[]> {
    const apis = stage.servers.map(({ api }) => api);
    const followers = await Promise.all(
      Array.from({ length: ANSWERS }, async (_, index) => {
        const stream = await nth(apis, index % 2).ask(script(`tokens=${TOKENS} rate=40`, `Answer ${index}`));
        const { taskId } = await started(stream);
        const far = await nth(apis, (index + 1) % 2).attach(taskId);
        const servers = [stage.server(1).api];

        return [new Follower(stream, taskId, { servers }), new Follower(far, taskId, { servers })];
      }),
    );

    return followers.flat();
  }

  function expectWhole(events: readonly Received[]): void {
    expectOneEnd(events);
    const { content, terminal } = fold(events);
    if (content !== WHOLE) throw new Error(`${content.length} characters of ${WHOLE.length}: ${pathOf(events)}`);
    expect(terminal).toMatchObject({
      ...{ type: 'done', length: WHOLE.length },
      sha256: createHash('sha256').update(WHOLE).digest('hex'),
    });
  }

  it.each([
    ['is emptied at the start', 0, 'flushall', false],
    ['is emptied in the middle', 1_200, 'flushall', false],
    ['is emptied again and again', 400, 'flushall', true],
    ['is killed and starts empty', 1_200, 'restartEmpty', false],
  ] as const)('%s: every reader gets the whole answer', async (_what, afterMs, how, again) => {
    const followers = await startAnswers();
    for (let round = 0; round < (again ? 5 : 1); round += 1) {
      await sleep(afterMs);
      if (how === 'flushall') await stage.redis.use((client) => client.flushall());
      else await stage.redis.restartEmpty();
    }

    for (const follower of followers) {
      const events = await follower.finished;
      expectWhole(events);
      await expectAgreement(stage, events);
    }
  });

  it('also when a server was killed a moment before, and its answers begin anew', async () => {
    const followers = await startAnswers();
    await sleep(500);
    await stage.server(0).kill();
    await sleep(700);
    await stage.redis.restartEmpty();
    await stage.revive();

    for (const follower of followers) {
      const events = await follower.finished;
      expectWhole(events);
      await expectAgreement(stage, events);
    }
  });
});
