import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { expectAgreement, expectOneEnd, Follower, runnerOf } from '../support/follower.js';
import { flaws, fold, type Received, typesOf } from '../support/sse.js';
import { script, Stage } from '../support/stage.js';

jest.setTimeout(120_000);

const TOKENS = 300;
const WHOLE = generatedText(TOKENS);
const PROMPT = script(`tokens=${TOKENS} rate=100`);

describe('a worker is killed in the middle of an answer', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.start('distributed', {}, 2);
  });

  afterEach(() => stage.stop());

  /** Starts an answer and tells which server runs it. */
  async function startAnswer() {
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

  it('readers of another server get `reset` and then the whole answer, once', async () => {
    const { taskId, runner, other } = await startAnswer();
    const reader = await other.api.attach(taskId);
    await reader.until(({ data }) => data.type === 'content' && reader.events.length > 20);
    await runner.kill();
    await reader.untilClosed();

    expect(flaws(reader.events)).toEqual([]);
    expect(typesOf(reader.events).filter((type) => type === 'reset')).toHaveLength(1);
    await expectWholeAnswer(reader.events);
    const late = await (await other.api.attach(taskId)).untilClosed();
    expect(fold(late.events)).toEqual(fold(reader.events));
    expect(stage.simulator.counters.requests).toBe(2);
  });

  it('its own readers come back to the other server and get the whole answer, once', async () => {
    const { taskId, runner, other } = await startAnswer();
    const streams = await Promise.all(Array.from({ length: 5 }, () => runner.api.attach(taskId)));
    const followers = streams.map((stream) => new Follower(stream, taskId, { servers: [other.api] }));
    await streams[0]?.until(() => (streams[0]?.events.length ?? 0) > 20);
    await runner.kill();

    for (const follower of followers) {
      await expectWholeAnswer(await follower.finished);
      expect(follower.breaks).toBe(1);
    }
  });

  it.each([
    ['at once', 100],
    ['while the answer starts again', 9_500],
    ['after its end', 20_000],
  ])('readers that were ahead of the log come back %s and get the whole answer', async (_when, retryMs) => {
    const { taskId, runner, other } = await startAnswer();
    const stream = await runner.api.attach(taskId);
    const follower = new Follower(stream, taskId, { servers: [other.api], retryMs });
    await stream.until(() => stream.events.length > 20);
    // What the worker sends from now on reaches its readers, but not the log.
    stage.redis.freeze();
    const before = stream.events.length;
    await stream.until(() => stream.events.length > before + 40);
    await runner.kill();
    stage.redis.thaw();

    await expectWholeAnswer(await follower.finished);
  });

  it('the answer goes on when a worker comes back, although all were killed', async () => {
    const { taskId, stream } = await startAnswer();
    await stream.until(() => stream.events.length > 20);
    await Promise.all(stage.servers.map((server) => server.kill()));
    await sleep(1000);
    const server = await stage.addServer();
    const follower = new Follower(stream, taskId, { servers: [server.api] });

    await expectWholeAnswer(await follower.finished);
  });

  it('answers that still wait in the queue are not lost', async () => {
    await stage.stop();
    stage = await Stage.start('distributed', { MAX_CONCURRENT_DIRECT_CHATS: '1' }, 2);
    const first = await startAnswer();
    const second = await first.other.api.ask(script('tokens=20 rate=50'));
    await second.untilType('queued');
    await first.runner.kill();
    await second.untilClosed();

    expect(flaws(second.events)).toEqual([]);
    expect(fold(second.events)).toMatchObject({ content: generatedText(20), terminal: { type: 'done' } });
    await expectAgreement(stage, second.events);
  });
});
