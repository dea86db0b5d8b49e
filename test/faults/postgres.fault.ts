import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { expectAgreement, expectOneEnd } from '../support/streams/follower.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

describe('Postgres goes away', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', {}, 2);
  });

  beforeEach(async () => {
    await stage.untilReady();
    stage.simulator.reset();
  });

  afterAll(() => endAll(stage));

  it('around the end of answers: they stream on, and their state is written when it is back', async () => {
    const asked = [
      ['done', 'tokens=120 rate=40'],
      ['done', 'tokens=60 rate=40'],
      ['error', 'case=error-after-text after=60 rate=40 tokens=90'],
      // Large enough to be stored past the queue.
      ['done', 'tokens=700 size=2000 rate=250'],
    ] as const;
    const streams = await Promise.all(asked.map(([, text]) => stage.api.ask(script(text))));
    const ids = await Promise.all(streams.map((stream) => started(stream)));
    await Promise.all(streams.map((stream) => stream.untilType('content')));
    await stage.postgres.kill();
    const readers = await Promise.all(streams.map((stream) => stream.untilClosed()));

    for (const [index, { events }] of readers.entries()) {
      expect(flaws(events)).toEqual([]);
      expectOneEnd(events);
      expect(fold(events).terminal?.type).toBe(asked[index]?.[0]);
    }
    expect(fold(nth(readers, 0).events).content).toBe(generatedText(120));
    const refused = await stage.api.get(`/tasks/${nth(ids, 0).taskId}`);
    expect([refused.status, refused.body['code']]).toEqual([503, 'service_unavailable']);
    await sleep(5000);
    await stage.postgres.start();
    for (const { events } of readers) await expectAgreement(stage, events);
    const turn = await stage.api.turn({ task_id: nth(ids, 0).taskId, prompt: script('tokens=3 rate=0') });
    expect(turn.content).toBe(generatedText(3));
  });

  it('right after an answer was asked for: it is not lost', async () => {
    const stream = await stage.api.ask(script('tokens=40 rate=40'));
    await stage.postgres.kill();
    await sleep(4000);
    await stage.postgres.start();
    await stream.untilClosed();

    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events)).toMatchObject({ content: generatedText(40), terminal: { type: 'done' } });
    await expectAgreement(stage, stream.events);
  });

  it('while an answer is cancelled: it stops, or can be cancelled afterwards', async () => {
    const stream = await stage.api.ask(script('tokens=4000 rate=40'));
    const { taskId } = await started(stream);
    await stream.untilType('content');
    await stage.postgres.kill();
    const during = await stage.api.cancel(taskId);
    expect(during.status).toBe(503);
    await stage.postgres.start();
    await eventually('the cancel is taken', async () => (await stage.api.cancel(taskId)).status === 200);
    await stream.untilClosed();

    expect(fold(stream.events).terminal?.type).toBe('cancelled');
    await expectAgreement(stage, stream.events);
  });
});
