import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api } from '../support/api.js';
import { endAll } from '../support/child.js';
import {
  addExecutorTeam,
  addTask,
  type Dispatched,
  ExecutorApi,
  INTERNAL_TOKEN,
  untilTask,
} from '../support/executors/executors.js';
import { Stage } from '../support/stages/stage.js';

/** A manager: how the names of its executors end, and how it asks for work. */
interface Place {
  suffix: string;
  dispatch: () => Promise<Dispatched[]>;
  name: (taskId: number) => string;
}

describe('several executor managers', () => {
  let stage: Stage;
  let api: Api;
  let manager: ExecutorApi;
  let solo: number;

  beforeAll(async () => {
    stage = await Stage.start('distributed', { INTERNAL_API_TOKEN: INTERNAL_TOKEN });
    api = stage.api;
    manager = new ExecutorApi(api);
    solo = (await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo')).teamId;
  });

  afterAll(() => endAll(stage));

  it('get the next turns of the tasks whose workspaces they have, as long as they live', async () => {
    const [here, there] = ['-0a1b', '-ffee'].map((suffix) => ({
      dispatch: () => manager.dispatch(`?type=any&manager=${suffix}`),
      name: (taskId: number) => `conch-task-${taskId}${suffix}`,
      suffix,
    })) as [Place, Place];
    const answer = async (place: Place, prompt: string) => {
      const [claimed] = await place.dispatch();
      if (!claimed) throw new Error(`${place.suffix} got nothing`);
      expect(claimed.prompt).toContain(prompt);
      const report = { executor_name: place.name(claimed.task_id), result: { value: prompt } };
      await manager.report(claimed.subtask_id, 'COMPLETED', report);
      await untilTask(api, claimed.task_id, 'COMPLETED');

      return claimed;
    };
    expect(await there.dispatch()).toEqual([]);
    const taskId = await addTask(api, solo, { prompt: 'begin' });
    await answer(here, 'begin');
    await api.post(`/tasks/${taskId}`, { prompt: 'go on' });
    const other = await addTask(api, solo, { prompt: 'something new' });
    expect((await answer(there, 'something new')).task_id).toBe(other);
    expect([await there.dispatch(), await manager.dispatch('?type=any')]).toEqual([[], []]);
    expect((await answer(here, 'go on')).executor_name).toBe(here.name(taskId));

    await api.post(`/tasks/${taskId}`, { prompt: 'without it' });
    expect(await there.dispatch()).toEqual([]);
    await stage.redis.use((client) => client.zadd('executor:managers', 1, here.suffix));
    expect((await answer(there, 'without it')).task_id).toBe(taskId);
  });
});
