import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, TaskBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { script, Stage } from '../support/stages/stage.js';
import { TaskEventStream, withTitle } from '../support/streams/task-events.js';

describe('live events of tasks when Redis forgets or is away', () => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await Stage.start('distributed', {}, 2);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  const create = async () =>
    (await api.post<TaskBody>('/tasks/create', { team_name: 'demo-team', prompt: 'x' })).body.id;
  const rename = (taskId: number, title: string) => api.call('PUT', `/tasks/${taskId}`, { title });

  const logs = (work: 'trim' | 'drop') =>
    stage.redis.use(async (client) => {
      const [key] = (await client.keys('task:events:{*')).filter((name) => !name.includes('live'));
      if (key === undefined) throw new Error('there is no log of events');

      return work === 'trim' ? client.xtrim(key, 'MAXLEN', 1) : client.del(key);
    });

  it.each(['trim', 'drop'] as const)('a snapshot takes the place of events that are gone: %s', async (work) => {
    const taskId = await create();
    const stream = await TaskEventStream.open(stage.server(1), null);
    const { id } = await stream.untilSnapshot();
    await rename(taskId, `Missed ${work}`);
    await stream.until(withTitle(`Missed ${work}`));
    await rename(await create(), 'Newest');
    await stream.until(withTitle('Newest'));
    const before = stream.events.length;
    await logs(work);
    const late = await TaskEventStream.open(stage.server(0), null, id);
    await late.untilSnapshot();
    expect(late.events.some(withTitle(`Missed ${work}`))).toBe(true);
    await rename(taskId, `After ${work}`);
    await Promise.all([stream, late].map((reader) => reader.until(withTitle(`After ${work}`))));

    expect(stream.events.length).toBeGreaterThan(before);
    stream.close();
    late.close();
  });

  it('a repeated snapshot tells of tasks that were deleted meanwhile', async () => {
    const stream = await api.turn(script('tokens=1 rate=0'));
    const reader = await TaskEventStream.open(stage.server(1), null);
    const { id } = await reader.untilSnapshot();
    await api.call('DELETE', `/tasks/${stream.taskId}`);
    // Told within a moment, not before the reply: a log that begins with it would not be lost.
    await reader.untilTask(stream.taskId, 'DELETE');
    reader.close();
    await logs('drop');
    const late = await TaskEventStream.open(stage.server(1), null, id);
    await late.untilSnapshot();

    expect(late.statuses('task', stream.taskId)).toEqual(['DELETE']);
    const first = await TaskEventStream.open(stage.server(1), null);
    await first.untilSnapshot();
    expect(first.statuses('task', stream.taskId)).toEqual([]);
    late.close();
    first.close();
  });

  it('what is changed while Redis is away is told when it is back', async () => {
    const taskId = await create();
    const readers = await Promise.all(stage.servers.map((server) => TaskEventStream.open(server, taskId)));
    await Promise.all(readers.map((reader) => reader.untilSnapshot()));
    await stage.redis.kill();
    expect((await rename(taskId, 'While it was away')).status).toBe(200);
    await stage.redis.start();
    await Promise.all(readers.map((reader) => reader.until(withTitle('While it was away'))));
    await rename(taskId, 'Afterwards');
    await Promise.all(readers.map((reader) => reader.until(withTitle('Afterwards'))));

    for (const reader of readers) reader.close();
  });
});
