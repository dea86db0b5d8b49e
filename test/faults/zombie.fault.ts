import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { expectAgreement, expectOneEnd, runnerOf } from '../support/streams/follower.js';
import { flaws, fold, typesOf } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

describe('a worker hangs and comes back as a zombie', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.start('distributed', {}, 2);
  });

  afterEach(() => endAll(stage));

  it('it is fenced off: all readers get what the log has', async () => {
    const [tokens, held] = [240, 30];
    stage.simulator.holdAt(held);
    const stream = await stage.api.ask(script(`tokens=${tokens} rate=40`));
    const { taskId, subtaskId } = await started(stream);
    const runner = await runnerOf(stage, subtaskId);
    const [zombie, other] = [stage.server(runner), stage.server(1 - runner)];
    stream.close();
    const [near, far] = [await zombie.api.attach(taskId), await other.api.attach(taskId)];
    await Promise.all([near, far].map((reader) => reader.untilText(generatedText(held).length)));
    zombie.signal('SIGSTOP');
    // The other worker begins anew, and the zombie wakes in the middle of its answer.
    const { seq: reset } = await far.untilType('reset');
    await far.until(({ seq, data }) => seq > reset && data.type === 'content');
    zombie.signal('SIGCONT');
    stage.simulator.holdAt(Infinity);
    await Promise.all([near.untilClosed(), far.untilClosed()]);

    expect(flaws(far.events)).toEqual([]);
    expect(typesOf(far.events).filter((type) => type === 'reset')).toHaveLength(1);
    for (const { events } of [near, far]) {
      expectOneEnd(events);
      expect(fold(events)).toMatchObject({ content: generatedText(tokens), terminal: { type: 'done' } });
      await expectAgreement(stage, events);
    }
    const late = await (await zombie.api.attach(taskId)).untilClosed();
    expect(fold(late.events)).toEqual(fold(far.events));
    await eventually('the zombie lets go of the provider', () => stage.simulator.counters.openStreams === 0);
    // The conversation goes on from the answer that counts.
    const next = await zombie.api.turn({ task_id: taskId, prompt: script('tokens=2 rate=0') });
    expect(next.content).toBe(generatedText(2));
  });
});
