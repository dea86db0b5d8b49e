import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { join } from 'node:path';
import type { TaskUpdate } from '../../src/tasks/tasks.jobs.js';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { Api, TaskBody } from '../support/api.js';
import { endAll, eventually, temporaryDirectory } from '../support/child.js';
import { script, Stage, STAGES } from '../support/stages/stage.js';
import { addTeam } from '../support/content/teams.js';
import { UpdateSource } from '../support/streams/update-source.js';

describe.each(STAGES)('reports through the queue, %s', (kind) => {
  const directory = temporaryDirectory('updates');
  let stage: Stage;
  let api: Api;
  let source: UpdateSource;
  let solo: number;
  let pipeline: number;

  beforeAll(async () => {
    const isEmbedded = kind === 'embedded';
    stage = await Stage.start(kind, isEmbedded ? { DATA_DIR: directory.path } : {}, isEmbedded ? 1 : 2);
    source = new UpdateSource(isEmbedded ? join(directory.path, 'redis', 'redis.sock') : stage.redis.url);
    api = stage.api;
    solo = await addTeam(api, { name: 'coders', shells: ['ClaudeCode'] });
    pipeline = await addTeam(api, { name: 'line', shells: ['ClaudeCode', 'Agno', 'ClaudeCode'], mode: 'pipeline' });
  });

  afterAll(async () => {
    await endAll(source, stage);
    await directory.remove();
  });

  const create = async (teamId: number) => {
    const { body } = await api.post<TaskBody>('/tasks/create', { team_id: teamId, prompt: 'Do it' });
    const { subtasks } = await api.task(body.id);

    return { taskId: body.id, ids: subtasks.filter(({ role }) => role === 'ASSISTANT').map(({ id }) => id) };
  };
  const until = (taskId: number, status: string) =>
    eventually(`task ${taskId} is ${status}`, async () => {
      const task = await api.task(taskId);

      return task.status === status && task;
    });
  const shuffled = <T>(all: T[], seed: number): T[] =>
    fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), { numRuns: 1, seed })[0] ?? [];

  /** A thousand reports of an executor's work, numbered or not. */
  const storm = (subtaskId: number, isNumbered: boolean): TaskUpdate[] =>
    Array.from({ length: 1000 }, (_, index): TaskUpdate => {
      const report = isNumbered ? { seq: index + 1, eventId: `event ${index}` } : {};
      if (index === 999) return { subtaskId, status: 'COMPLETED', progress: 100, result: { value: 'whole' }, report };

      return { subtaskId, status: 'RUNNING', progress: Math.floor(index / 10), result: { value: `${index}` }, report };
    });

  it.each([[true], [false]])(
    'a storm of 1000 in random order ends in the right state, numbered: %s',
    async (isNumbered) => {
      const { taskId, ids } = await create(solo);
      const reports = shuffled(storm(ids[0] ?? 0, isNumbered), 3);
      await Promise.all([...reports, ...reports.slice(0, 200)].map((report) => source.send(report)));
      const task = await until(taskId, 'COMPLETED');

      expect(task).toMatchObject({ progress: 100, result: { value: 'whole' }, error_message: null });
      await eventually(
        'the queue is empty',
        async () => (await source.queue.getJobCountByTypes('wait', 'active', 'delayed')) === 0,
      );
      expect((await source.queue.getJobCounts('failed'))['failed']).toBe(0);
      expect(await api.task(taskId)).toEqual(task);
      expect(await api.answer(taskId, ids[0] ?? 0)).toMatchObject({ status: 'COMPLETED', result: { value: 'whole' } });
    },
  );

  it('many pipelines at once end as their steps say', async () => {
    const lines = await Promise.all(Array.from({ length: 12 }, () => create(pipeline)));
    const ends = ['COMPLETED', 'FAILED', 'CANCELLED'] as const;
    const report = (subtaskId: number, status: TaskUpdate['status'], progress: number): TaskUpdate => ({
      subtaskId,
      status,
      progress,
      report: {},
    });
    for (const place of [0, 1, 2]) {
      const running = lines.flatMap(({ ids }) =>
        [20, 60].map((progress) => report(ids[place] ?? 0, 'RUNNING', progress)),
      );
      await Promise.all(shuffled(running, place).map((each) => source.send(each)));
      const ended = lines.map(({ ids }, index) =>
        report(ids[place] ?? 0, place === 1 ? (ends[index % 3] ?? 'FAILED') : 'COMPLETED', 100),
      );
      await Promise.all(shuffled(ended, place).map((each) => source.send(each)));
      await eventually(
        'the queue is empty',
        async () => (await source.queue.getJobCountByTypes('wait', 'active', 'delayed')) === 0,
      );
    }

    for (const [index, { taskId }] of lines.entries()) {
      const status = ends[index % 3] ?? 'FAILED';
      const task = await until(taskId, status);
      const last = status === 'COMPLETED' ? 'COMPLETED' : 'CANCELLED';
      expect(task.subtasks.slice(1).map((step) => step.status)).toEqual(['COMPLETED', status, last]);
    }
  });

  it('of an older release, and such as are none, do not hold up the others', async () => {
    const { taskId, ids } = await create(solo);
    const subtaskId = ids[0] ?? 0;
    const { taskId: poisoned, ids: others } = await create(solo);
    const old: unknown = { subtaskId, status: 'RUNNING', progress: 42 };
    await source.queue.add('update', old as never);
    await until(taskId, 'RUNNING');
    expect((await api.task(taskId)).progress).toBe(42);
    const text = { value: 'with \0 and \ud800' };
    await source.send(
      { subtaskId, status: 'SUCCESS' as 'COMPLETED' },
      { subtaskId: others[0] ?? 0, status: 'COMPLETED', result: text },
      { subtaskId: 999_999, status: 'RUNNING' },
      { subtaskId, status: 'COMPLETED', result: { value: 'fine' } },
    );

    expect((await until(taskId, 'COMPLETED')).result?.value).toBe('fine');
    expect((await until(poisoned, 'COMPLETED')).result?.value).toBe('with \uFFFD and \uFFFD');
    // Either replica may have applied the job.
    const pages = await Promise.all(stage.servers.map(async (server) => (await server.api.get('/metrics')).text));
    for (const outcome of ['applied', 'unknown']) expect(pages.join('')).toContain(`outcome="${outcome}"`);
  });

  it('are left out for the end of an answer that is too large for a job', async () => {
    const [large, small] = await Promise.all(
      [`tokens=600 size=2000 rate=0`, `tokens=7 rate=0`].map((text) => api.turn({ prompt: script(text) })),
    );
    const jobs = await source.queue.getJobs(['completed', 'wait', 'active', 'delayed']);
    const queued = jobs.map(({ data }) => JSON.stringify(data));

    expect(queued.some((data) => data.includes(generatedText(7)))).toBe(true);
    expect(queued.filter(({ length }) => length > 1_000_000)).toEqual([]);
    for (const [turn, text] of [
      [large, generatedText(600, 2000)],
      [small, generatedText(7)],
    ] as const) {
      const task = await api.task(turn?.taskId ?? 0);
      expect(task.status).toBe('COMPLETED');
      expect(task.result?.value === text).toBe(true);
    }
  });

  it('tell how work for executors is cancelled that nobody has taken', async () => {
    const { taskId } = await create(pipeline);
    expect((await api.post(`/tasks/${taskId}/cancel`)).status).toBe(200);
    const task = await until(taskId, 'CANCELLED');

    expect(task.subtasks.slice(1).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
  });
});
