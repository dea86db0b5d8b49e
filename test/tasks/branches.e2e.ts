import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Api, started } from '../support/api.js';
import { endAll } from '../support/child.js';
import { ANSWER, Conversations, QUICK } from '../support/content/conversations.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { fold } from '../support/streams/sse.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';

describe.each(STAGES)('branches of tasks, %s', (kind) => {
  let stage: Stage;
  let api: Api;
  let talk: Conversations;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
    talk = new Conversations(stage, api);
  });

  afterAll(() => endAll(stage));

  it('have the turns up to one, and go on with them', async () => {
    const taskId = await talk.add('One', 'Two', 'Three');
    const [, two] = await talk.questions(taskId);
    const before = stage.simulator.counters.requests;
    const { status, body } = await talk.branch(taskId, { subtask_id: two?.id, title: 'Branch' });
    const copy = await api.task(body.id);

    expect([status, copy.title, copy.status, copy.prompt]).toEqual([201, 'Branch', 'COMPLETED', script(QUICK, 'Two')]);
    expect(copy.result?.value).toBe(ANSWER);
    expect(copy.subtasks.map(({ role, message_id, parent_id }) => [role, message_id, parent_id])).toEqual([
      ['USER', 1, 0],
      ['ASSISTANT', 2, 1],
      ['USER', 3, 2],
      ['ASSISTANT', 4, 3],
    ]);
    expect(stage.simulator.counters.requests).toBe(before);
    const attached = await (await api.attach(body.id)).untilClosed();
    expect(fold(attached.events).content).toBe(ANSWER);
    await talk.say(body.id, 'Then');
    expect(talk.lastAsked()).toEqual(['One', ANSWER, 'Two', ANSWER, 'Then']);
    expect(await talk.shown(taskId)).toEqual(['One', 'Two', 'Three']);
  });

  it('are made while the task runs, of turns that have ended', async () => {
    const taskId = await talk.add('One');
    const [one] = await talk.questions(taskId);
    const stream = await api.ask({ task_id: taskId, prompt: script('tokens=4000 rate=50', 'Long') });
    await started(stream);
    const busy = await talk.branch(taskId);
    const made = await talk.branch(taskId, { subtask_id: one?.id });
    await api.cancel(taskId);
    await stream.untilClosed();
    const cut = await talk.branch(taskId);

    expect([busy.status, busy.body.code]).toEqual([409, 'task_busy']);
    expect([made.status, await talk.shown(made.body.id)]).toEqual([201, ['One']]);
    expect([cut.status, cut.body.status, await talk.shown(cut.body.id)]).toEqual([201, 'CANCELLED', ['One', 'Long']]);
  });
});
