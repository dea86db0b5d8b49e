import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../tools/simulator/simulator.js';
import { type Api, started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { expectAgreement, expectOneEnd, Follower } from '../support/streams/follower.js';
import { fold, typesOf } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

const STREAMS = 20;
const TOKENS = 160;
/** Answers do not end meanwhile. */
const IMPATIENT = { SHUTDOWN_GRACE_SECONDS: '1' };

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

describe('SIGTERM of all replicas', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', {}, 0);
  });

  afterAll(() => endAll(stage));

  it('as in an update: the new ones finish every answer, for readers that come back', async () => {
    const servers: Api[] = [];
    const leaving = [await stage.addServer(IMPATIENT), await stage.addServer(IMPATIENT)];
    const followers: Follower[] = [];
    for (const [index, { api }] of [...leaving, ...leaving, ...leaving].entries()) {
      const stream = await api.ask(script(`tokens=${TOKENS} rate=10`, `Update ${index}`));
      const { taskId } = await started(stream);
      await stream.untilType('content');
      followers.push(new Follower(stream, taskId, { servers }));
    }
    for (const server of leaving) expect(server.logs).toContain('run started');
    for (const server of leaving) server.signal('SIGTERM');
    for (const server of leaving) expect(await server.exited).toBe(0);
    servers.push((await stage.addServer()).api);

    for (const follower of followers) {
      const events = await follower.finished;
      expectOneEnd(events);
      expect(fold(events)).toMatchObject({ content: generatedText(TOKENS), terminal: { type: 'done' } });
      await expectAgreement(stage, events);
    }
  });

  it.each([
    ['still away', false],
    ['just back', true],
  ])('while Redis is %s: the process ends in good order', async (_state, isBack) => {
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
