import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Api, type ErrorBody, started, type TaskBody } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';
import { TaskEventStream } from '../support/streams/task-events.js';
import { addTeam } from '../support/content/teams.js';

const QUICK = 'tokens=2 rate=0';

interface FollowUp {
  id: number;
  prompt: string;
  created_at: string;
  position: number;
}

interface FollowUpList {
  items: FollowUp[];
  is_paused: boolean;
  paused_reason: string | null;
  paused_message: string | null;
}

describe.each(STAGES)('queued prompts, %s', (kind) => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
  });

  afterEach(() => release());

  afterAll(() => endAll(stage));

  const pathOf = (taskId: number, rest = '') => `/tasks/${taskId}/follow-ups${rest}`;
  const queue = (taskId: number, prompt: string, server = api) =>
    server.post<FollowUp & ErrorBody>(pathOf(taskId), { prompt });
  const list = async (taskId: number) => (await api.get<FollowUpList>(pathOf(taskId))).body;
  const resume = (taskId: number) => api.post<FollowUpList & ErrorBody>(pathOf(taskId, '/resume'));
  const remove = (taskId: number, id: number) => api.call<FollowUp & ErrorBody>('DELETE', pathOf(taskId, `/${id}`));

  /** A task whose first answer runs until it is {@link release}d. */
  async function held(more = ''): Promise<number> {
    stage.simulator.holdAt(1);
    const { taskId } = await started(await api.ask(script(`tokens=20 rate=1000${more}`, 'First')));

    return taskId;
  }

  const release = () => stage.simulator.holdAt(Infinity);

  /** A task whose answer runs until it is cancelled. */
  async function running(): Promise<number> {
    const { taskId } = await started(await api.ask(script('tokens=4000 rate=20', 'First')));

    return taskId;
  }

  const prompts = ({ subtasks }: TaskBody) =>
    subtasks.filter(({ role }) => role === 'USER').map(({ prompt }) => prompt.split(' ')[0]);

  /** Waits until a task has ended with these questions, and nothing waits. */
  function untilAsked(taskId: number, ...words: string[]): Promise<TaskBody> {
    return eventually(`task ${taskId} has ${words.join(', ')}`, async () => {
      const task = await api.task(taskId);
      const isDone = task.status === 'COMPLETED' && task.follow_ups === 0;

      return isDone && prompts(task).join() === words.join() && task;
    });
  }

  it('begin one after the other when the running turn has completed', async () => {
    const taskId = await held();
    const second = await queue(taskId, script(QUICK, 'Second'), nth(stage.servers, -1).api);
    const third = await queue(taskId, script(QUICK, 'Third'));
    expect([second.status, third.status]).toEqual([201, 201]);
    expect(second.body).toMatchObject({ prompt: script(QUICK, 'Second'), position: 1 });
    expect(third.body.position).toBe(2);
    expect(await list(taskId)).toMatchObject({
      items: [
        { id: second.body.id, position: 1 },
        { id: third.body.id, position: 2 },
      ],
      ...{ is_paused: false, paused_reason: null, paused_message: null },
    });
    expect((await api.task(taskId)).follow_ups).toBe(2);
    release();
    const task = await untilAsked(taskId, 'First', 'Second', 'Third');

    expect(task.subtasks.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'COMPLETED'));
    const late = await remove(taskId, second.body.id);
    expect([late.status, late.body.code]).toEqual([409, 'conflict']);
  });

  it('begin at once where nothing runs', async () => {
    const { taskId } = await api.turn(script(QUICK, 'First'));
    const { status, body } = await queue(taskId, script(QUICK, 'Second'));

    expect([status, body.position, body.prompt]).toEqual([201, 0, script(QUICK, 'Second')]);
    await untilAsked(taskId, 'First', 'Second');
  });

  it('begin once each, however many are sent at a time and wherever', async () => {
    const { taskId } = await started(await api.ask(script('tokens=20 rate=50', 'First')));
    const words = ['A', 'B', 'C', 'D'].map((letter) => `${letter}${taskId}`);
    const replies = await Promise.all(
      words.map((word, index) =>
        queue(taskId, script(QUICK, word), nth(stage.servers, index % stage.servers.length).api),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const task = await eventually('all have begun', async () => {
      const now = await api.task(taskId);

      return now.follow_ups === 0 && now.status === 'COMPLETED' && now;
    });

    expect(prompts(task).sort()).toEqual([...words, 'First']);
    const asked = stage.simulator.requests.map(({ body }) => (body as { messages?: { content: unknown }[] }).messages);
    const last = asked.map((messages) => String(messages?.at(-1)?.content).split(' ')[0]);
    expect(last.filter((word) => words.includes(word ?? '')).sort()).toEqual(words);
  });

  it('wait after a cancel, until they are resumed or deleted', async () => {
    const taskId = await running();
    const second = await queue(taskId, script(QUICK, 'Second'));
    const third = await queue(taskId, script(QUICK, 'Third'));
    const busy = await resume(taskId);
    expect([busy.status, busy.body.code]).toEqual([409, 'task_busy']);
    await api.cancel(taskId);
    await eventually('it is cancelled', async () => (await api.task(taskId)).status === 'CANCELLED');
    expect(await list(taskId)).toMatchObject({ is_paused: true, paused_reason: 'task_cancelled' });
    const removed = await remove(taskId, third.body.id);
    expect([removed.status, removed.body]).toEqual([
      200,
      { ...third.body, prompt: script(QUICK, 'Third'), position: 0 },
    ]);
    const twice = await remove(taskId, third.body.id);
    expect([twice.status, twice.body.code]).toEqual([404, 'not_found']);
    expect((await list(taskId)).items.map(({ id }) => id)).toEqual([second.body.id]);
    const resumed = await Promise.all([resume(taskId), resume(taskId)]);

    expect(resumed.map(({ status }) => status).sort()).toEqual([200, 409]);
    await untilAsked(taskId, 'First', 'Second');
    const none = await resume(taskId);
    expect([none.status, none.body.code]).toEqual([409, 'conflict']);
  });

  it('wait after a failure, and go on after the next turn', async () => {
    const taskId = await held(' case=eof-after-text');
    await queue(taskId, script(QUICK, 'Second'));
    release();
    await eventually('it has failed', async () => (await api.task(taskId)).status === 'FAILED');
    expect(await list(taskId)).toMatchObject({ is_paused: true, paused_reason: 'task_failed' });
    await api.turn({ task_id: taskId, prompt: script(QUICK, 'Other') });

    await untilAsked(taskId, 'First', 'Other', 'Second');
  });

  it('wait with the reason when they are refused, and can be deleted', async () => {
    const taskId = await held();
    const body = { prompt: script(QUICK, 'Second'), model_id: 'no-such-model' };
    const { id } = (await api.post<FollowUp>(pathOf(taskId), body)).body;
    await queue(taskId, script(QUICK, 'Third'));
    release();
    const paused = await eventually('it is refused', async () => {
      const now = await list(taskId);

      return now.is_paused && now;
    });
    expect(paused).toMatchObject({
      paused_reason: 'refused',
      paused_message: expect.stringContaining('no-such-model'),
    });
    const refused = await resume(taskId);
    expect([refused.status, refused.body.code]).toEqual([404, 'not_found']);
    await remove(taskId, id);

    await untilAsked(taskId, 'First', 'Third');
  });

  it('begin by the sweep when no process has noticed the end', async () => {
    if (kind === 'embedded') return;
    const { taskId } = await api.turn(script(QUICK, 'First'));
    await stage.postgres.query(
      `insert into follow_ups (task_id, user_id, prompt)
        select id, user_id, '${script(QUICK, 'Second')}' from tasks where id = ${taskId}`,
    );

    await eventually('it has begun', async () => prompts(await api.task(taskId)).length === 2, 40_000);
    await untilAsked(taskId, 'First', 'Second');
  });

  it('are limited, and go with their task', async () => {
    const taskId = await running();
    const replies = await Promise.all(Array.from({ length: 22 }, () => queue(taskId, 'More')));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(20);
    for (const { status, body } of replies)
      if (status !== 201) expect([status, body.code]).toEqual([429, 'too_many_follow_ups']);
    const long = await queue(taskId, 'é'.repeat(30_001));
    expect([long.status, long.body.code]).toEqual([413, 'prompt_too_long']);
    expect((await api.call('DELETE', `/tasks/${taskId}`)).status).toBe(200);
    const gone = [await queue(taskId, 'x'), await resume(taskId), await remove(taskId, nth(replies, 0).body.id)];
    expect(gone.map(({ status, body }) => [status, body.code])).toEqual(
      Array.from({ length: 3 }, () => [404, 'not_found']),
    );
  });

  it('are counted in the live events of their task', async () => {
    const taskId = await running();
    const stream = await TaskEventStream.open(nth(stage.servers, -1), taskId);
    await stream.untilSnapshot();
    await queue(taskId, script(QUICK, 'Second'));
    await stream.until(({ data }) => data.type === 'task' && data.task.follow_ups === 1);
    stream.close();
    await api.cancel(taskId);
  });

  it('of executors begin when the answer has completed', async () => {
    const teamId = await addTeam(api, { name: 'follow-ups', shells: ['ClaudeCode'] });
    const { id } = (await api.post<TaskBody>('/tasks/create', { team_id: teamId, prompt: 'First' })).body;
    await queue(id, 'Second');
    const { body } = await api.post<{ tasks: { subtask_id: number }[] }>(`/executors/tasks/dispatch?task_ids=${id}`);
    const report = { subtask_id: nth(body.tasks, 0).subtask_id, status: 'COMPLETED', result: { value: 'done' } };
    await api.call('PUT', '/executors/tasks', report);
    const task = await eventually('the next has begun', async () => {
      const now = await api.task(id);

      return now.status === 'PENDING' && now.subtasks.length === 4 && now;
    });

    expect([prompts(task), task.follow_ups]).toEqual([['First', 'Second'], 0]);
    await api.post(`/tasks/${id}/cancel`);
  });
});
