import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { expectAgreement, expectOneEnd, Follower } from '../support/streams/follower.js';
import { fold, typesOf } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

const STREAMS = 20;
const TOKENS = 160;

describe('SIGTERM under load', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', { MAX_RUNNING_TASKS_PER_USER: '100' });
  });

  afterAll(() => endAll(stage));

  /** Streams at two servers, all of them read from the one that leaves. */
  async function load(graceSeconds: number) {
    const leaving = await stage.addServer({ SHUTDOWN_GRACE_SECONDS: String(graceSeconds) });
    const servers = [stage.api];
    const followers = await Promise.all(
      Array.from({ length: STREAMS }, async (_, index) => {
        const stream = await leaving.api.ask(script(`tokens=${TOKENS} rate=40`, `Stream ${index}`));
        const { taskId } = await started(stream);
        await stream.untilType('content');

        return new Follower(stream, taskId, { servers });
      }),
    );
    expect(leaving.logs).toContain('run started');

    return { followers, leaving };
  }

  it('with too little grace: every answer arrives whole or ends with an error, and the process ends', async () => {
    const { followers, leaving } = await load(1);
    leaving.signal('SIGTERM');
    expect(await leaving.exited).toBe(0);

    for (const follower of followers) {
      const events = await follower.finished;
      expectOneEnd(events);
      const { content, terminal } = fold(events);
      expect(['done', 'error']).toContain(terminal?.type);
      if (terminal?.type === 'done') expect(content).toBe(generatedText(TOKENS));
      await expectAgreement(stage, events);
    }
  });

  it('with enough grace: no answer is interrupted', async () => {
    const { followers, leaving } = await load(30);
    const { requests } = stage.simulator.counters;
    leaving.signal('SIGTERM');
    const all = await Promise.all(followers.map((follower) => follower.finished));
    expect(await leaving.exited).toBe(0);

    for (const events of all) {
      expect(typesOf(events)).not.toContain('reset');
      expectOneEnd(events);
      expect(fold(events)).toMatchObject({ content: generatedText(TOKENS), terminal: { type: 'done' } });
      await expectAgreement(stage, events);
    }
    expect(stage.simulator.counters.requests).toBe(requests);
  });
});

describe('SIGTERM while Redis is away', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', {}, 0);
  });

  afterAll(() => endAll(stage));

  it.each([
    ['still away', false],
    ['just back', true],
  ])('%s: the process ends in good order', async (_state, isBack) => {
    const server = await stage.addServer();
    await stage.redis.kill();
    await eventually('the server notices', async () => (await server.api.get('/health/ready')).status === 503);
    await sleep(2000);
    if (isBack) await stage.redis.start();
    server.signal('SIGTERM');

    expect(await server.exited).toBe(0);
    if (!isBack) await stage.redis.start();
  });
});
