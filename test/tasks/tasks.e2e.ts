import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { type Api, type ErrorBody, type SubtaskBody, type TaskBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { fold, flaws } from '../support/streams/sse.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';

interface Page<T> {
  total: number;
  items: T[];
}

describe.each(STAGES)('the tasks API, %s', (kind) => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  const create = async (body: object) =>
    (await api.post<TaskBody>('/tasks/create', { team_name: 'demo-team', prompt: 'Hello', ...body })).body;

  it('reserves an id that becomes a task once', async () => {
    const { status, body } = await api.post<{ task_id: number }>('/tasks');
    expect([status, body.task_id]).toEqual([200, expect.any(Number)]);
    expect((await api.get(`/tasks/${body.task_id}`)).status).toBe(404);
    const made = await api.post<TaskBody>(`/tasks/${body.task_id}`, { prompt: 'Reserved', team_name: 'demo-team' });

    expect([made.status, made.body]).toEqual([
      201,
      expect.objectContaining({ id: body.task_id, status: 'PENDING', prompt: 'Reserved' }),
    ]);
    const again = await api.post<ErrorBody>(`/tasks/${body.task_id}`, { prompt: 'Again', team_name: 'demo-team' });
    expect([again.status, again.body.code]).toEqual([409, 'task_busy']);
    const never = await api.post<ErrorBody>('/tasks/987654', { prompt: 'x', team_name: 'demo-team' });
    expect([never.status, never.body.code]).toEqual([404, 'not_found']);
  });

  it('never gives one id to two', async () => {
    const [reserved, created] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, async () => (await api.post<{ task_id: number }>('/tasks')).body.task_id)),
      Promise.all(Array.from({ length: 10 }, async () => (await create({})).id)),
    ]);

    expect(new Set([...reserved, ...created]).size).toBe(20);
  });

  it('stores one turn for all calls with the same idempotency key and body', async () => {
    const headers = { 'idempotency-key': `one-task-${kind}` };
    const post = (path: string, body: object) => api.post<TaskBody & ErrorBody>(path, body, headers);
    const question = { team_name: 'demo-team', prompt: 'Once' };
    const made = await Promise.all([1, 2, 3].map(() => post('/tasks/create', question)));
    const [id] = made.map(({ body }) => body.id);
    expect(made.map(({ status, body }) => [status, body.id])).toEqual(Array(3).fill([201, id]));
    expect((await api.task(id ?? 0)).subtasks).toHaveLength(2);
    for (const path of ['/tasks/create', `/tasks/${id}`]) {
      const other = await post(path, { ...question, prompt: 'Another' });
      expect([other.status, other.body.code]).toEqual([409, 'idempotency_key_reused']);
    }
  });

  it('creates a task with what it is told, and shows it', async () => {
    const made = await create({
      title: 'Mine',
      prompt: 'Do it',
      git_url: 'https://example.org/a.git',
      git_repo: 'a',
      git_repo_id: 7,
      git_domain: 'example.org',
      branch_name: 'main',
      type: 'offline',
      task_type: 'code',
      // Sent by Wegent's clients, and ignored.
      message: 'x',
      batch: 1,
      user_id: 99,
      user_name: 'other',
    });

    expect(made).toMatchObject({
      title: 'Mine',
      prompt: 'Do it',
      git_repo_id: 7,
      type: 'offline',
      task_type: 'code',
      status: 'PENDING',
      progress: 0,
    });
    const task = await api.task(made.id);
    expect(task.subtasks.map(({ role, status, message_id: id }) => [role, status, id])).toEqual([
      ['USER', 'COMPLETED', 1],
      ['ASSISTANT', 'PENDING', 2],
    ]);
    expect(task).toMatchObject({ user: { user_name: expect.any(String) }, team: { name: 'demo-team' } });
  });

  it('streams the waiting answer of such a task, with what the caller adds to the prompt', async () => {
    const { id } = await create({ prompt: script('tokens=9 rate=0') });
    const path = `/direct-chat/${id}/stream`;
    const stream = await api.open(path, { method: 'POST', body: { bot_prompt: 'Answer in French.' } });
    await stream.untilClosed();

    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events)).toMatchObject({ content: generatedText(9), terminal: { type: 'done' } });
    const asked = JSON.stringify((stage.simulator.requests.at(-1)?.body as { system: unknown }).system);
    expect(asked).toContain('friendly assistant');
    expect(asked).toContain('Answer in French.');
    expect(await api.task(id)).toMatchObject({ status: 'COMPLETED', result: { value: generatedText(9) } });
    const ended = await api.post<ErrorBody>(path);
    expect([ended.status, ended.body.code]).toEqual([400, 'task_final']);
    const next = await api.open(path, { method: 'POST', body: { prompt: script('tokens=4 rate=0') } });
    expect(fold((await next.untilClosed()).events).content).toBe(generatedText(4));
  });

  it('starts a waiting answer once, however often it is asked for', async () => {
    const { id } = await create({ prompt: script('tokens=20 rate=40') });
    const before = stage.simulator.counters.requests;
    const streams = await Promise.all(
      [1, 2, 3].map(() => api.open(`/direct-chat/${id}/stream`, { method: 'POST', body: {} })),
    );
    await Promise.all(streams.map((stream) => stream.untilClosed()));

    expect(streams.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    for (const stream of streams.filter(({ status }) => status === 409))
      expect(stream.json()['code']).toBe('task_busy');
    expect(stage.simulator.counters.requests - before).toBe(1);
  });

  it('uses the model of the task when it is forced, or when the bot has none', async () => {
    const { id } = await create({
      prompt: script('tokens=2 rate=0'),
      model_id: 'simulator-openai',
      force_override_bot_model: true,
    });
    await (await api.open(`/direct-chat/${id}/stream`, { method: 'POST', body: {} })).untilClosed();
    expect(stage.simulator.requests.at(-1)?.provider).toBe('openai');
    const other = await create({ prompt: script('tokens=2 rate=0'), model_id: 'simulator-openai' });
    await (await api.open(`/direct-chat/${other.id}/stream`, { method: 'POST', body: {} })).untilClosed();
    expect(stage.simulator.requests.at(-1)?.provider).toBe('claude');
  });

  it('appends a turn to an ended task, by both calls', async () => {
    const { taskId } = await api.turn(script('tokens=2 rate=0'));
    const appended = await api.post<TaskBody>(`/tasks/${taskId}`, { prompt: 'Second' });
    expect([appended.status, appended.body.status]).toEqual([201, 'PENDING']);
    const busy = await api.post<ErrorBody>(`/tasks/create?task_id=${taskId}`, { prompt: 'Third' });
    expect([busy.status, busy.body.code]).toEqual([409, 'task_busy']);
    await (await api.open(`/direct-chat/${taskId}/stream`, { method: 'POST', body: {} })).untilClosed();
    const again = await api.post<TaskBody>(`/tasks/create?task_id=${taskId}`, { prompt: 'Third' });

    expect([again.status, again.body.id]).toEqual([201, taskId]);
    expect((await api.task(taskId)).subtasks.map(({ message_id: id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('lists tasks, newest first, in pages', async () => {
    const ids: number[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift((await create({ title: `Listed ${count}` })).id);
    const pages = await Promise.all([1, 2].map((page) => api.get<Page<TaskBody>>(`/tasks?page=${page}&limit=3`)));
    const lite = await api.get<Page<TaskBody>>('/tasks/lite?limit=5');

    expect(pages.flatMap(({ body }) => body.items.map(({ id }) => id)).slice(0, 5)).toEqual(ids);
    expect(pages[0]?.body.total).toBe(lite.body.total);
    expect(lite.body.items.map(({ id }) => id)).toEqual(ids);
    expect(lite.body.items[0]).not.toHaveProperty('prompt');
    expect((await api.get<Page<TaskBody>>('/tasks?page=9999')).body.items).toEqual([]);
  });

  it('finds titles that hold a text, in any language and case, literally', async () => {
    const titles = [
      'Grüße an ALLE',
      '今日は良い天気',
      'Привет мир',
      '100% sure',
      '100 per cent',
      'snake_case',
      'snakeXcase',
      'back\\slash',
      "it's; --",
    ];
    const ids = new Map<string, number>();
    for (const title of titles) ids.set(title, (await create({ title })).id);
    const find = async (text: string) => {
      const { body } = await api.get<Page<TaskBody>>(`/tasks/search?title=${encodeURIComponent(text)}`);
      expect(body.total).toBe(body.items.length);

      return body.items.map(({ title }) => title).sort();
    };

    expect(await find('grÜsse')).toEqual([]);
    expect(await find('grüße an alle')).toEqual(['Grüße an ALLE']);
    expect(await find('良い')).toEqual(['今日は良い天気']);
    expect(await find('МИР')).toEqual(['Привет мир']);
    expect(await find('0%')).toEqual(['100% sure']);
    expect(await find('snake_')).toEqual(['snake_case']);
    expect(await find('\\')).toEqual(['back\\slash']);
    expect(await find("'s; --")).toEqual(["it's; --"]);
    expect((await api.get('/tasks/search')).status).toBe(422);
  });

  it('lists the tasks that all filters let through', async () => {
    const { id, team_id: teamId } = await create({ title: 'Filtered one', task_type: 'code' });
    await create({ title: 'Filtered two' });
    const list = async (filters: string) => {
      const { body } = await api.get<Page<TaskBody>>(`/tasks?title=filtered&${filters}`);
      expect(body.total).toBe(body.items.length);

      return body.items.map(({ title }) => title);
    };

    expect(await list('')).toEqual(['Filtered two', 'Filtered one']);
    expect(await list('task_type=code')).toEqual(['Filtered one']);
    expect(await list(`status=PENDING&team_id=${teamId}`)).toEqual(['Filtered two', 'Filtered one']);
    expect(await list('team_id=987654')).toEqual([]);
    await api.post(`/tasks/${id}/cancel`);
    expect(await list('status=CANCELLED')).toEqual(['Filtered one']);
    expect((await api.get('/tasks?status=DELETE')).status).toBe(422);
  });

  it('shows all subtasks in pages, the newest page first', async () => {
    let { taskId } = await api.turn(script('tokens=1 rate=0'));
    for (let count = 0; count < 2; count += 1)
      ({ taskId } = await api.turn({ task_id: taskId, prompt: script('tokens=1 rate=0') }));
    const pages = await Promise.all(
      [1, 2].map((page) => api.get<Page<SubtaskBody>>(`/tasks/${taskId}/subtasks?page=${page}&limit=4`)),
    );

    expect(pages.map(({ body }) => [body.total, body.items.map(({ message_id: id }) => id)])).toEqual([
      [6, [3, 4, 5, 6]],
      [6, [1, 2]],
    ]);
  });

  it('cancels a task that nobody has started', async () => {
    const { id } = await create({});
    const { status } = await api.post(`/tasks/${id}/cancel`);

    expect(status).toBe(200);
    expect(await api.task(id)).toMatchObject({ status: 'CANCELLED' });
    const again = await api.post<ErrorBody>(`/tasks/${id}/cancel`);
    expect([again.status, again.body.code]).toEqual([400, 'task_final']);
    const other = await create({});
    const byChat = await api.cancel<{ status: string }>(other.id);
    expect([byChat.status, byChat.body.status]).toEqual([200, 'CANCELLED']);
  });

  it('edits a title, and no states', async () => {
    const { id } = await create({});
    const edited = await api.call<TaskBody>('PUT', `/tasks/${id}`, { title: 'Edited' });
    expect([edited.status, edited.body.title]).toEqual([200, 'Edited']);
    const refused = await api.call<ErrorBody>('PUT', `/tasks/${id}`, { status: 'FAILED' });
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
    expect((await api.call('PUT', `/tasks/${id}`, { status: 'DONE' })).status).toBe(422);
    const repeated = { status: 'PENDING', progress: 5, prompt: 'x', git_url: 'https://g.example/r.git', batch: 0 };
    expect((await api.call('PUT', `/tasks/${id}`, repeated)).status).toBe(200);
    expect((await api.task(id)).status).toBe('PENDING');
  });

  it('deletes a task for good', async () => {
    const { taskId } = await api.turn({ prompt: script('tokens=1 rate=0'), title: 'To be deleted' });
    expect((await api.call('DELETE', `/tasks/${taskId}`)).status).toBe(200);

    for (const path of [`/tasks/${taskId}`, `/tasks/${taskId}/subtasks`, `/direct-chat/${taskId}/stream`]) {
      expect((await api.get(path)).status).toBe(404);
    }
    expect((await api.get<Page<TaskBody>>('/tasks/search?title=To%20be%20deleted')).body.total).toBe(0);
    expect((await api.call('DELETE', `/tasks/${taskId}`)).status).toBe(404);
    expect((await api.post('/direct-chat/stream', { prompt: 'x', task_id: taskId })).status).toBe(404);
  });
});
