import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, TaskBody } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { script, Stage, STAGES } from '../support/stages/stage.js';
import { add, addTeam } from '../support/content/teams.js';

const ENVIRONMENT = {
  CHAT_SELF_START_MS: '200',
  MAINTENANCE_INTERVAL_MS: '200',
  MAX_RUNNING_TASKS_PER_USER: '2',
  AUTO_TITLES: 'off',
};

describe.each(STAGES)('answers that are only polled, %s', (kind) => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await Stage.start(kind, ENVIRONMENT, kind === 'embedded' ? 1 : 2);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  const create = (body: object) => add(api, '/tasks/create', { team_name: 'demo-team', ...body });
  const ended = (id: number) =>
    eventually('the answer has ended', async () => {
      const task = await api.task(id);

      return ['COMPLETED', 'FAILED'].includes(task.status) && task;
    });
  const answersOf = ({ subtasks }: TaskBody) => subtasks.filter(({ role }) => role === 'ASSISTANT');

  it('begin by themselves, once, whichever replica sees them; the next turn too', async () => {
    const ids = await Promise.all([1, 2, 3, 4, 5].map((n) => create({ prompt: script(`tokens=${n} rate=0`) })));
    const tasks = await Promise.all(ids.map(ended));
    await api.post(`/tasks/${ids[0]}`, { prompt: script('tokens=1 rate=0'), task_id: ids[0] });
    const again = await eventually('the second answer has ended', async () => {
      const task = await api.task(ids[0] ?? 0);

      return task.status === 'COMPLETED' && answersOf(task).length === 2 && task;
    });

    expect(tasks.map(({ status }) => status)).toEqual(ids.map(() => 'COMPLETED'));
    expect(tasks.map((task) => answersOf(task).length)).toEqual(ids.map(() => 1));
    expect(again.subtasks.map(({ status }) => status)).toEqual(Array(4).fill('COMPLETED'));
    const asked = stage.simulator.requests.filter(({ path }) => path.includes('/messages'));
    expect(asked).toHaveLength(6);
  });

  it('wait while their user has no place, and are cancelled like others', async () => {
    const running = await Promise.all([1, 2].map(() => create({ prompt: script('tokens=3000 rate=50') })));
    await eventually('both run', async () => {
      const tasks = await Promise.all(running.map((id) => api.task(id)));

      return tasks.every(({ status }) => status === 'RUNNING');
    });
    const waiting = await create({ prompt: script('tokens=1 rate=0') });
    const cancelled = await create({ prompt: script('tokens=1 rate=0') });
    const diagnosis = await api.get<{ hints: string[] }>(`/tasks/${waiting}/diagnosis`);
    await api.post(`/tasks/${cancelled}/cancel`);

    expect(diagnosis.body.hints.join()).toContain('begins by itself');
    expect((await api.task(waiting)).status).toBe('PENDING');
    await Promise.all(running.map((id) => api.cancel(id)));
    expect((await ended(waiting)).status).toBe('COMPLETED');
    expect((await api.task(cancelled)).status).toBe('CANCELLED');
  });

  it('end with the reason when they cannot begin', async () => {
    const team_id = await addTeam(api, { name: 'without-model', shells: ['Chat'] });
    const task = await ended(await add(api, '/tasks/create', { team_id, prompt: 'hello' }));

    expect([task.status, task.error_message]).toEqual(['FAILED', expect.stringContaining('binds no model')]);
    expect(answersOf(task)).toHaveLength(1);
  });
});
