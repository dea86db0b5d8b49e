import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { endAll } from '../support/child.js';
import { expectAgreement } from '../support/streams/follower.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold, type Received } from '../support/streams/sse.js';
import { script, type Stage } from '../support/stages/stage.js';

describe('a client changes servers', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await sharedStage('distributed');
  });

  afterAll(() => endAll(stage));

  it('at every event of a running answer: nothing is lost, nothing comes twice', async () => {
    const first = await stage.api.ask(script('tokens=60 rate=30'));
    const { taskId } = await started(first);
    const events: Received[] = first.events.slice(0, 1);
    first.close();
    let hops = 0;
    while (events.at(-1)?.data.type !== 'done') {
      hops += 1;
      const stream = await stage.server(hops % 2).api.attach(taskId, events.at(-1)?.id);
      expect(stream.status).toBe(200);
      await stream.untilCount(1);
      // One event only, as if the connection had broken right behind it.
      events.push(...stream.events.slice(0, 1));
      stream.close();
    }

    expect(hops).toBe(events.length - 1);
    expect(flaws(events)).toEqual([]);
    expect(fold(events).content).toBe(generatedText(60));
    await expectAgreement(stage, events);
  });

  it('in the middle of an event’s bytes: a parser that drops the rest loses nothing', async () => {
    const first = await stage.api.ask(script('tokens=4000 rate=0 size=40'));
    const { taskId } = await started(first);
    const events: Received[] = [...first.events];
    first.close();
    for (let hop = 1; events.at(-1)?.data.type !== 'done'; hop += 1) {
      const stream = await stage.server(hop % 2).api.attach(taskId, events.at(-1)?.id);
      const wanted = 1 + ((hop * 37) % 400);
      await stream.until(() => stream.events.length >= wanted || stream.isComplete);
      events.push(...stream.events);
      stream.close();
    }

    expect(flaws(events)).toEqual([]);
    expect(fold(events).content).toBe(generatedText(4000, 40));
  });
});
