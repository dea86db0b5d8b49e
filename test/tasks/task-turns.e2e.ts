import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { type Api, type ErrorBody, started, type TaskBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script, Stage, STAGES } from '../support/stages/stage.js';
import { addTeam } from '../support/content/teams.js';

describe.each(STAGES)('turns of tasks, %s', (kind) => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  const retry = (taskId: number) => api.post<TaskBody & ErrorBody>(`/tasks/${taskId}/retry`);

  /** A turn that was cancelled in the middle of its answer. */
  async function cancelledTurn(prompt: string): Promise<number> {
    const stream = await api.ask({ prompt, title: 'Once more' });
    const { taskId } = await started(stream);
    await stream.untilType('content');
    await api.cancel(taskId);
    await stream.untilClosed();

    return taskId;
  }

  it('are run again when they were cancelled, with the same question', async () => {
    const prompt = script('tokens=40 rate=50', 'Try it again');
    const taskId = await cancelledTurn(prompt);
    const reply = await retry(taskId);
    const stream = await (await api.attach(taskId)).untilClosed();

    expect([reply.status, reply.body]).toEqual([
      201,
      expect.objectContaining({ id: taskId, prompt, title: 'Once more' }),
    ]);
    expect(['PENDING', 'RUNNING']).toContain(reply.body.status);
    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events).content).toBe(generatedText(40));
    const task = await api.task(taskId);
    expect(task).toMatchObject({ status: 'COMPLETED', error_message: null });
    expect(task.subtasks.map(({ prompt: said, status }) => [said, status])).toEqual([
      [prompt, 'COMPLETED'],
      ['', 'CANCELLED'],
      [prompt, 'COMPLETED'],
      ['', 'COMPLETED'],
    ]);
    const again = await retry(taskId);
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
  });

  it('are run again once when asked twice', async () => {
    const taskId = await cancelledTurn(script('tokens=40 rate=40'));
    const before = stage.simulator.counters.requests;
    const replies = await Promise.all([1, 2, 3].map(() => retry(taskId)));
    await (await api.attach(taskId)).untilClosed();

    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    for (const { status, body } of replies) if (status === 409) expect(body.code).toBe('task_busy');
    expect(stage.simulator.counters.requests - before).toBe(1);
    expect((await api.task(taskId)).subtasks).toHaveLength(4);
  });

  it('are run again when they failed, with the model that was chosen for them', async () => {
    const { taskId } = await api.turn({ prompt: script('case=401'), model_id: 'simulator-openai' });
    expect((await api.task(taskId)).status).toBe('FAILED');
    expect((await retry(taskId)).status).toBe(201);
    await (await api.attach(taskId)).untilClosed();

    expect(stage.simulator.requests.at(-1)?.provider).toBe('openai');
    expect((await api.task(taskId)).subtasks).toHaveLength(4);
  });

  it('of executors are offered again', async () => {
    const teamId = await addTeam(api, { name: 'again', shells: ['ClaudeCode', 'Chat'] });
    const { body } = await api.post<TaskBody>('/tasks/create', { team_id: teamId, prompt: 'Do it' });
    const busy = await retry(body.id);
    expect([busy.status, busy.body.code]).toEqual([409, 'task_busy']);
    await api.post(`/tasks/${body.id}/cancel`);
    expect((await api.task(body.id)).status).toBe('CANCELLED');
    const replies = await Promise.all([retry(body.id), retry(body.id)]);

    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    const task = await api.task(body.id);
    expect([task.status, task.subtasks.map(({ status }) => status)]).toEqual([
      'PENDING',
      ['COMPLETED', 'CANCELLED', 'COMPLETED', 'PENDING'],
    ]);
  });

  it('are not run again of tasks that do not exist', async () => {
    const reply = await retry(987_654);
    expect([reply.status, reply.body.code]).toEqual([404, 'not_found']);
  });

  it('are refused to tasks whose executor is deleted at their end', async () => {
    const made = await api.post<TaskBody>('/tasks/create', {
      ...{ team_name: 'demo-team', prompt: script('tokens=1 rate=0'), auto_delete_executor: 'true' },
    });
    const { id } = made.body;
    await (await api.open(`/direct-chat/${id}/stream`, { method: 'POST', body: {} })).untilClosed();
    for (const path of [`/tasks/${id}`, `/tasks/create?task_id=${id}`]) {
      const refused = await api.post<ErrorBody>(path, { prompt: 'Second' });
      expect([refused.status, refused.body.code]).toEqual([400, 'task_final']);
    }
    expect((await api.task(id)).subtasks).toHaveLength(2);
  });

  it('are refused when their prompt is too long, for new and for old tasks', async () => {
    const { taskId } = await api.turn(script('tokens=1 rate=0'));
    for (const path of ['/tasks/create', `/tasks/${taskId}`]) {
      const refused = await api.post<ErrorBody>(path, { team_name: 'demo-team', prompt: 'é'.repeat(30_001) });
      expect([refused.status, refused.body.code]).toEqual([413, 'prompt_too_long']);
    }
  });

  it('leave an id reserved when their team is not found', async () => {
    const { body } = await api.post<{ task_id: number }>('/tasks');
    expect((await api.post(`/tasks/${body.task_id}`, { prompt: 'x', team_name: 'nobody' })).status).toBe(404);
    expect((await api.post(`/tasks/${body.task_id}`, { prompt: 'x', team_name: 'demo-team' })).status).toBe(201);
  });
});

describe('tasks that are too old', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', { APPEND_CHAT_TASK_EXPIRE_HOURS: '2' });
  });

  afterAll(() => endAll(stage));

  it('take no more turns, by any call', async () => {
    const { api, postgres } = stage;
    const { taskId } = await api.turn(script('tokens=1 rate=0'));
    expect((await api.turn({ task_id: taskId, prompt: script('tokens=1 rate=0') })).taskId).toBe(taskId);
    await postgres.query("update tasks set updated_at = now() - interval '3 hours' where id = $1", [taskId]);
    for (const [path, body] of [
      [`/tasks/${taskId}`, {}],
      ['/direct-chat/stream', { task_id: taskId }],
      [`/direct-chat/${taskId}/stream`, {}],
    ] as const) {
      const refused = await api.post<ErrorBody>(path, { prompt: script('tokens=1 rate=0'), ...body });
      expect([path, refused.status, refused.body.code]).toEqual([path, 400, 'task_expired']);
    }
    await api.call('PUT', `/tasks/${taskId}`, { title: 'Still in use' });
    expect((await api.turn({ task_id: taskId, prompt: script('tokens=1 rate=0') })).taskId).toBe(taskId);
  });
});
