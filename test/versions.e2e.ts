import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../tools/simulator/simulator.js';
import { type Api, type ErrorBody, type Reply, started, type SubtaskBody, type TaskBody } from './support/api.js';
import { endAll, nth } from './support/child.js';
import { addDifyTeam, difyRuns } from './support/dify.js';
import { sharedStage } from './support/shared-stage.js';
import { flaws, fold } from './support/sse.js';
import { script, type Stage, STAGES } from './support/stage.js';
import { addTeam } from './support/teams.js';

const QUICK = 'tokens=2 rate=0';
const ANSWER = generatedText(2);

describe.each(STAGES)('versions of turns, %s', (kind) => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  const create = (taskId: number, body: object = {}, headers?: Record<string, string>) =>
    api.post<TaskBody & ErrorBody>(`/tasks/${taskId}/versions`, body, headers);
  const show = (taskId: number, subtaskId: number) =>
    api.call<TaskBody & ErrorBody>('PUT', `/tasks/${taskId}/versions`, { subtask_id: subtaskId });
  const branch = (taskId: number, body: object = {}) => api.post<TaskBody & ErrorBody>(`/tasks/${taskId}/branch`, body);

  /** A task with a turn per word, whose answers have ended. */
  async function conversation(...words: string[]): Promise<number> {
    const [first = '', ...more] = words;
    const { taskId } = await api.turn(script(QUICK, first));
    for (const word of more) await api.turn({ task_id: taskId, prompt: script(QUICK, word) });

    return taskId;
  }

  /** Runs a turn again to its end. @returns its question */
  async function version(taskId: number, body: object = {}): Promise<SubtaskBody> {
    const { status, text } = await create(taskId, body);
    if (status !== 201) throw new Error(`HTTP ${status} ${text}`);
    expect(flaws((await (await api.attach(taskId)).untilClosed()).events)).toEqual([]);

    return nth(await questions(taskId), -1);
  }

  const questions = async (taskId: number) => (await api.task(taskId)).subtasks.filter(({ role }) => role === 'USER');
  const wordsOf = (subtasks: readonly SubtaskBody[]) =>
    subtasks.filter(({ role }) => role === 'USER').map(({ prompt }) => prompt.split(' ')[0]);
  const shown = async (taskId: number) => wordsOf((await api.task(taskId)).subtasks);

  /** The first words of what the provider was asked last, with the answers that it was told. */
  function lastAsked(): string[] {
    const body = stage.simulator.requests.at(-1)?.body as { messages: { role: string; content: unknown }[] };

    return body.messages.map(
      ({ role, content }) => (role === 'user' ? String(content).split(' ')[0] : content) as string,
    );
  }

  it('answer the newest question again, and keep the older answer', async () => {
    const taskId = await conversation('One', 'Two');
    const before = await api.task(taskId);
    const reply = await create(taskId);
    const stream = await (await api.attach(taskId)).untilClosed();

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ id: taskId, prompt: script(QUICK, 'Two') });
    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events).content).toBe(ANSWER);
    expect(lastAsked()).toEqual(['One', ANSWER, 'Two']);
    const { subtasks, status } = await api.task(taskId);
    expect([status, subtasks.map(({ role, message_id, parent_id }) => [role, message_id, parent_id])]).toEqual([
      'COMPLETED',
      [
        ['USER', 1, 0],
        ['ASSISTANT', 2, 1],
        ['USER', 5, 2],
        ['ASSISTANT', 6, 5],
      ],
    ]);
    const ids = [nth(before.subtasks, 2).id, nth(subtasks, 2).id];
    expect(subtasks.map(({ version: which }) => which)).toEqual([
      { index: 1, count: 1, subtask_ids: [nth(subtasks, 0).id] },
      undefined,
      { index: 2, count: 2, subtask_ids: ids },
      undefined,
    ]);
    const page = await api.get<{ total: number; items: SubtaskBody[] }>(`/tasks/${taskId}/subtasks?limit=3&page=1`);
    expect([page.body.total, page.body.items.map(({ id }) => id)]).toEqual([4, subtasks.slice(1).map(({ id }) => id)]);
    const rest = await api.get<{ items: SubtaskBody[] }>(`/tasks/${taskId}/subtasks?limit=3&page=2`);
    expect(rest.body.items.map(({ id }) => id)).toEqual([nth(subtasks, 0).id]);
  });

  it('are told what was said on their own path only', async () => {
    const taskId = await conversation('One', 'Two', 'Three');
    const [one, two] = await questions(taskId);
    await version(taskId, { subtask_id: two?.id, prompt: script(QUICK, 'Edited') });
    expect(lastAsked()).toEqual(['One', ANSWER, 'Edited']);
    await api.turn({ task_id: taskId, prompt: script(QUICK, 'After') });
    expect(lastAsked()).toEqual(['One', ANSWER, 'Edited', ANSWER, 'After']);
    expect(await shown(taskId)).toEqual(['One', 'Edited', 'After']);

    const switched = await show(taskId, two?.id ?? 0);
    expect([switched.status, wordsOf(switched.body.subtasks)]).toEqual([200, ['One', 'Two', 'Three']]);
    await api.turn({ task_id: taskId, prompt: script(QUICK, 'Four') });
    expect(lastAsked()).toEqual(['One', ANSWER, 'Two', ANSWER, 'Three', ANSWER, 'Four']);

    await version(taskId, { subtask_id: one?.id, prompt: script(QUICK, 'Anew') });
    expect(lastAsked()).toEqual(['Anew']);
    await api.turn({ task_id: taskId, prompt: script(QUICK, 'Next') });
    expect(lastAsked()).toEqual(['Anew', ANSWER, 'Next']);
    expect(await shown(taskId)).toEqual(['Anew', 'Next']);
  });

  it('are told the same when Redis has forgotten the conversation', async () => {
    if (kind === 'embedded') return;
    const taskId = await conversation('One', 'Two');
    await version(taskId, { prompt: script(QUICK, 'Other') });
    await stage.redis.use((client) => client.del(`chat:history:{${taskId}}`));
    await api.turn({ task_id: taskId, prompt: script(QUICK, 'Three') });

    expect(lastAsked()).toEqual(['One', ANSWER, 'Other', ANSWER, 'Three']);
  });

  it('give the task their state, and the state of the version that is shown', async () => {
    const taskId = await conversation('One');
    const [good] = await questions(taskId);
    const bad = await version(taskId, { prompt: script('case=401', 'Bad') });
    const failed = await api.task(taskId);
    expect(failed).toMatchObject({ status: 'FAILED', prompt: script('case=401', 'Bad'), result: { value: '' } });
    expect(failed.error_message).not.toBeNull();

    const { body } = await show(taskId, good?.id ?? 0);
    expect(body).toMatchObject({ status: 'COMPLETED', progress: 100, error_message: null });
    expect([body.prompt, body.result?.value]).toEqual([script(QUICK, 'One'), ANSWER]);
    expect(nth(body.subtasks, 0).version).toEqual({ index: 1, count: 2, subtask_ids: [good?.id, bad.id] });
    const retry = await api.post<ErrorBody>(`/tasks/${taskId}/retry`);
    expect([retry.status, retry.body.code]).toEqual([409, 'conflict']);
    const attached = await (await api.attach(taskId)).untilClosed();
    expect(fold(attached.events).content).toBe(ANSWER);
    expect((await show(taskId, bad.id)).body).toMatchObject({ status: 'FAILED', error_message: failed.error_message });
  });

  it('show the newest turn that follows a version', async () => {
    const taskId = await conversation('One', 'Two', 'Three');
    const [, two, three] = await questions(taskId);
    const other = await version(taskId, { subtask_id: three?.id, prompt: script(QUICK, 'Third') });
    await version(taskId, { subtask_id: two?.id, prompt: script(QUICK, 'Second') });

    expect(wordsOf((await show(taskId, two?.id ?? 0)).body.subtasks)).toEqual(['One', 'Two', 'Third']);
    expect(wordsOf((await show(taskId, three?.id ?? 0)).body.subtasks)).toEqual(['One', 'Two', 'Three']);
    const answerId = nth((await show(taskId, other.id)).body.subtasks, -1).id;
    expect(wordsOf((await show(taskId, answerId)).body.subtasks)).toEqual(['One', 'Two', 'Third']);
  });

  it('run with another model, and keep it', async () => {
    const taskId = await conversation('One');
    await version(taskId, { model_id: 'simulator-openai' });
    expect(stage.simulator.requests.at(-1)?.provider).toBe('openai');
    await version(taskId);
    expect(stage.simulator.requests.at(-1)?.provider).toBe('openai');
    const unknown = await create(taskId, { model_id: 'no-such-model' });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
    expect((await api.task(taskId)).status).toBe('COMPLETED');
  });

  it('run once when they are asked for twice', async () => {
    const taskId = await conversation('One');
    const prompt = script('tokens=40 rate=60', 'Slow');
    const before = stage.simulator.counters.requests;
    const plain = await Promise.all([1, 2, 3].map(() => create(taskId, { prompt })));
    expect(plain.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    for (const { status, body } of plain) if (status === 409) expect(body.code).toBe('task_busy');
    const [question] = await questions(taskId);
    const switched = await show(taskId, question?.id ?? 0);
    expect([switched.status, switched.body.code]).toEqual([409, 'task_busy']);
    await (await api.attach(taskId)).untilClosed();
    const key = { 'idempotency-key': `version of ${taskId}`.replaceAll(' ', '-') };
    const keyed = await Promise.all([1, 2, 3].map(() => create(taskId, { prompt }, key)));
    await (await api.attach(taskId)).untilClosed();
    const late = await create(taskId, { prompt }, key);
    expect([...keyed, late].map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const other = await create(taskId, {}, key);
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_key_reused']);

    expect(stage.simulator.counters.requests - before).toBe(2);
    expect((await questions(taskId))[0]?.version).toMatchObject({ index: 3, count: 3 });
  });

  it('are refused for turns of other tasks, and with prompts that are too long', async () => {
    const taskId = await conversation('One');
    const foreign = nth(await questions(await conversation('Other')), 0).id;
    const refused: Reply<ErrorBody>[] = [
      await create(taskId, { subtask_id: foreign }),
      await show(taskId, foreign),
      await branch(taskId, { subtask_id: foreign }),
      await create(987_654),
      await show(987_654, foreign),
      await branch(987_654),
    ];
    for (const { status, body } of refused) expect([status, body.code]).toEqual([404, 'not_found']);
    const long = await create(taskId, { prompt: 'é'.repeat(30_001) });
    expect([long.status, long.body.code]).toEqual([413, 'prompt_too_long']);
    const inputs = await create(taskId, { inputs: { city: 'Graz' } });
    expect([inputs.status, inputs.body.code]).toEqual([400, 'bad_request']);
    expect(await shown(taskId)).toEqual(['One']);
  });

  it('of executors are offered, once', async () => {
    const teamId = await addTeam(api, { name: 'versions', shells: ['ClaudeCode'] });
    const { id } = (await api.post<TaskBody>('/tasks/create', { team_id: teamId, prompt: 'Do it' })).body;
    await api.post(`/tasks/${id}/cancel`);
    const replies = await Promise.all([create(id, { prompt: 'Do that' }), create(id)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    const task = await api.task(id);

    expect([task.status, task.subtasks.map(({ status }) => status)]).toEqual(['PENDING', ['COMPLETED', 'PENDING']]);
    expect(nth(task.subtasks, 0).version?.count).toBe(2);
    await api.post(`/tasks/${id}/cancel`);
  });

  it('of apps begin a conversation that is told what was said on their path', async () => {
    const key = `app-versions-${kind}-chat`;
    const { teamId } = await addDifyTeam(stage, api, key);
    const { taskId } = await api.turn({ team_id: teamId, prompt: script(QUICK, 'One') });
    const next = (word: string) => api.turn({ task_id: taskId, prompt: script(QUICK, word) });
    await next('Two');
    await version(taskId, { prompt: script(QUICK, 'Other') });
    await next('More');
    const [two] = nth(await questions(taskId), 1).version?.subtask_ids ?? [];
    await show(taskId, two ?? 0);
    await next('Three');
    const runs = difyRuns(stage, key).map((run) => ({ id: run['conversation_id'], query: String(run['query']) }));
    const [, second, other, more, three] = runs;

    expect([other?.id, three?.id]).toEqual(['', '']);
    expect([second?.id, more?.id]).toEqual([expect.stringMatching(/-/), expect.stringMatching(/-/)]);
    expect(more?.id).not.toBe(second?.id);
    expect(other?.query).toContain(`User: One`);
    expect(other?.query).not.toContain('Two');
    expect(three?.query).toContain('User: Two');
    expect(three?.query).not.toContain('Other');
  });

  describe('branches', () => {
    it('have the turns up to one, and go on with them', async () => {
      const taskId = await conversation('One', 'Two', 'Three');
      const [, two] = await questions(taskId);
      const before = stage.simulator.counters.requests;
      const { status, body } = await branch(taskId, { subtask_id: two?.id, title: 'Branch' });
      const copy = await api.task(body.id);

      expect([status, copy.title, copy.status, copy.prompt]).toEqual([
        201,
        'Branch',
        'COMPLETED',
        script(QUICK, 'Two'),
      ]);
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
      await api.turn({ task_id: body.id, prompt: script(QUICK, 'Then') });
      expect(lastAsked()).toEqual(['One', ANSWER, 'Two', ANSWER, 'Then']);
      expect(await shown(taskId)).toEqual(['One', 'Two', 'Three']);
    });

    it('are made while the task runs, of turns that have ended', async () => {
      const taskId = await conversation('One');
      const [one] = await questions(taskId);
      const stream = await api.ask({ task_id: taskId, prompt: script('tokens=4000 rate=50', 'Long') });
      await started(stream);
      const busy = await branch(taskId);
      const made = await branch(taskId, { subtask_id: one?.id });
      await api.cancel(taskId);
      await stream.untilClosed();
      const cut = await branch(taskId);

      expect([busy.status, busy.body.code]).toEqual([409, 'task_busy']);
      expect([made.status, await shown(made.body.id)]).toEqual([201, ['One']]);
      expect([cut.status, cut.body.status, await shown(cut.body.id)]).toEqual([201, 'CANCELLED', ['One', 'Long']]);
    });
  });
});
