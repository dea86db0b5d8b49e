import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { expectAgreement, expectOneEnd, Follower, runnerOf } from '../support/streams/follower.js';
import { flaws, fold, typesOf } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

/** Tokens that the provider has sent when Redis goes away. */
const HELD = 30;

describe('Redis goes away in the middle of an answer', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', {}, 2);
  });

  beforeEach(async () => {
    await stage.untilReady();
    stage.simulator.reset();
  });

  afterAll(() => endAll(stage));

  /** An answer that waits after its first tokens, with a reader at the server that runs it, and one at the other. */
  async function startAnswer(tokens: number) {
    stage.simulator.holdAt(HELD);
    const stream = await stage.api.ask(script(`tokens=${tokens} rate=40`));
    const { taskId, subtaskId } = await started(stream);
    const runner = await runnerOf(stage, subtaskId);
    const [own, other] = [stage.server(runner).api, stage.server(1 - runner).api];
    const near = new Follower(await own.attach(taskId), taskId, { servers: [own] });
    const far = new Follower(await other.attach(taskId), taskId, { servers: [other] });
    stream.close();
    const hasText = ({ events }: Follower) => fold(events).content.length >= generatedText(HELD).length;
    await eventually('both readers get text', () => hasText(near) && hasText(far));

    return { taskId, near, far, own, other, whole: generatedText(tokens) };
  }

  it.each([
    ['restarts', 0, 320],
    ['is away for 8 s', 8_000, 500],
    ['is away beyond the end of the answer', 8_000, 160],
  ])('%s: readers keep receiving, and the answer is whole in the end', async (_what, awayMs, tokens) => {
    const { taskId, near, far, other, whole } = await startAnswer(tokens);
    await stage.redis.kill();
    const before = near.events.length;
    stage.simulator.holdAt(Infinity);
    await eventually(
      'the reader at the server that runs it has noticed nothing',
      () => near.events.length > before || near.breaks > 0,
    );
    expect(near.breaks).toBe(0);
    await sleep(awayMs);
    await stage.redis.start();
    const [nearEvents, farEvents] = [await near.finished, await far.finished];

    for (const events of [nearEvents, farEvents]) {
      expectOneEnd(events);
      expect(typesOf(events)).not.toContain('reset');
      expect(flaws(events)).toEqual([]);
      expect(fold(events)).toMatchObject({ content: whole, terminal: { type: 'done' } });
    }
    expect([near.breaks, far.breaks]).toEqual([0, 0]);
    await expectAgreement(stage, nearEvents);
    const late = await (await other.attach(taskId)).untilClosed();
    expect(fold(late.events)).toEqual(fold(nearEvents));
    expect(stage.simulator.counters.requests).toBe(1);
  });

  it('a cancel during the outage stops the answer', async () => {
    const { taskId, near, own } = await startAnswer(2000);
    await stage.redis.kill();
    stage.simulator.holdAt(Infinity);
    const reply = own.cancel(taskId).catch(() => null);
    await sleep(3000);
    await stage.redis.start();
    await reply;
    const events = await near.finished;

    expect(fold(events).terminal?.type).toBe('cancelled');
    await expectAgreement(stage, events);
    await eventually('the provider sees the abort', () => stage.simulator.counters.aborts === 1);
  });

  it('new turns are refused with a reason meanwhile, and taken afterwards', async () => {
    const { body } = await stage.api.get<{ items: unknown[] }>('/tasks');
    await stage.redis.kill();
    await eventually('readiness names the part', async () => {
      const { status, text } = await stage.api.get('/health/ready');

      return status === 503 && /"redis":"down/.test(text);
    });
    const refused = await stage.api.post('/direct-chat/stream', { prompt: 'Hello' });
    expect([refused.status, refused.body['code']]).toEqual([503, 'service_unavailable']);
    expect(refused.headers['retry-after']).toBeDefined();
    expect((await stage.api.get<{ items: unknown[] }>('/tasks')).body.items).toEqual(body.items);
    await stage.redis.start();
    await eventually('new turns are taken', async () => {
      const stream = await stage.api.ask(script('tokens=3 rate=0'));
      await stream.untilClosed();

      return stream.status === 200 && fold(stream.events).content === generatedText(3);
    });
  });
});
