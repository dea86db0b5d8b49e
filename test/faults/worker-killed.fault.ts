import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { endAll, nth } from '../support/child.js';
import { started } from '../support/api.js';
import { expectAgreement, expectOneEnd, Follower, pathOf, runnerOf } from '../support/streams/follower.js';
import { flaws, fold, type Received, typesOf } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

const TOKENS = 200;
const WHOLE = generatedText(TOKENS);
/** Tokens that the provider has sent when something happens to the worker, and a little later. */
const [HELD, HELD_LATER] = [40, 80];
const textOf = (tokens: number) => generatedText(tokens).length;
const PROMPT = script(`tokens=${TOKENS} rate=100`);

describe('a worker is killed in the middle of an answer', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', { MAX_CONCURRENT_DIRECT_CHATS: '1' }, 2);
  });

  /** Puts new servers in the place of the killed ones. */
  afterEach(() => stage.revive());

  afterAll(() => endAll(stage));

  /** Starts an answer that waits after its first tokens, and tells which server runs it. */
  async function startAnswer() {
    stage.simulator.reset();
    stage.simulator.holdAt(HELD);
    const stream = await stage.api.ask(PROMPT);
    const ids = await started(stream);
    const runner = await runnerOf(stage, ids.subtaskId);

    return { ...ids, stream, runner: stage.server(runner), other: stage.server(1 - runner) };
  }

  async function expectWholeAnswer(events: Received[]): Promise<void> {
    expectOneEnd(events);
    expect(fold(events)).toMatchObject({ content: WHOLE, terminal: { type: 'done' } });
    await expectAgreement(stage, events);
  }

  it('all readers get the whole answer once, and what waits in the queue follows', async () => {
    const { taskId, runner, other } = await startAnswer();
    const far = await other.api.attach(taskId);
    const near = await Promise.all([1, 2, 3].map(() => runner.api.attach(taskId)));
    const followers = near.map((stream) => new Follower(stream, taskId, { servers: [other.api] }));
    const queued = await other.api.ask(script('tokens=20 rate=50'));
    await queued.untilType('queued');
    await far.untilText(textOf(HELD));
    await runner.kill();
    stage.simulator.holdAt(Infinity);
    await far.untilClosed();

    expect(flaws(far.events)).toEqual([]);
    expect(typesOf(far.events).filter((type) => type === 'reset')).toHaveLength(1);
    await expectWholeAnswer(far.events);
    for (const follower of followers) {
      await expectWholeAnswer(await follower.finished);
      expect(follower.breaks).toBe(1);
    }
    const late = await (await other.api.attach(taskId)).untilClosed();
    expect(fold(late.events)).toEqual(fold(far.events));
    await queued.untilClosed();
    expect(flaws(queued.events)).toEqual([]);
    expect(fold(queued.events)).toMatchObject({ content: generatedText(20), terminal: { type: 'done' } });
    await expectAgreement(stage, queued.events);
    expect(stage.simulator.counters.requests).toBe(3);
  });

  it('readers that were ahead of the log come back at any time and get the whole answer', async () => {
    const { taskId, runner, other } = await startAnswer();
    // The other worker takes over some 7 to 10 s after the kill.
    const stays = [200, 5_000, 7_000, 7_500, 8_000, 8_500, 9_000, 9_500, 10_000, 10_500, 11_500, 14_000];
    const streams = await Promise.all(stays.map(() => runner.api.attach(taskId)));
    const followers = streams.map((stream, index) => {
      return new Follower(stream, taskId, { servers: [other.api], retryMs: nth(stays, index) });
    });
    await Promise.all(streams.map((stream) => stream.untilText(textOf(HELD))));
    // What the worker sends from now on reaches its readers, but not the log.
    stage.redis.freeze();
    stage.simulator.holdAt(HELD_LATER);
    await Promise.all(streams.map((stream) => stream.untilText(textOf(HELD_LATER))));
    await runner.kill();
    stage.redis.thaw();
    stage.simulator.holdAt(Infinity);

    const all = await Promise.all(followers.map((follower) => follower.finished));
    const wrong = all.flatMap((events, index) =>
      fold(events).content === WHOLE ? [] : [`back after ${stays[index]} ms: ${pathOf(events)}`],
    );
    expect(wrong).toEqual([]);
    for (const events of all) await expectWholeAnswer(events);
  });

  it('the answer goes on when a worker comes back, although all were killed', async () => {
    const { taskId, stream } = await startAnswer();
    await stream.untilText(textOf(HELD));
    await Promise.all(stage.servers.map((server) => server.kill()));
    stage.simulator.holdAt(Infinity);
    await stage.revive();
    const follower = new Follower(stream, taskId, { servers: [stage.api] });

    await expectWholeAnswer(await follower.finished);
  });
});
