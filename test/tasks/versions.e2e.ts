import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Api, type ErrorBody, type Reply, type SubtaskBody, type TaskBody } from '../support/api.js';
import { endAll, nth } from '../support/child.js';
import { ANSWER, Conversations, QUICK, wordsOf } from '../support/content/conversations.js';
import { addDifyTeam, difyRuns } from '../support/content/dify.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';
import { addTeam } from '../support/content/teams.js';

describe.each(STAGES)('versions of turns, %s', (kind) => {
  let stage: Stage;
  let api: Api;
  let talk: Conversations;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
    talk = new Conversations(stage, api);
  });

  afterAll(() => endAll(stage));

  it('answer the newest question again, and keep the older answer', async () => {
    const taskId = await talk.add('One', 'Two');
    const before = await api.task(taskId);
    const reply = await talk.create(taskId);
    const stream = await (await api.attach(taskId)).untilClosed();

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ id: taskId, prompt: script(QUICK, 'Two') });
    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events).content).toBe(ANSWER);
    expect(talk.lastAsked()).toEqual(['One', ANSWER, 'Two']);
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
    const taskId = await talk.add('One', 'Two', 'Three');
    const [one, two] = await talk.questions(taskId);
    await talk.version(taskId, { subtask_id: two?.id, prompt: script(QUICK, 'Edited') });
    expect(talk.lastAsked()).toEqual(['One', ANSWER, 'Edited']);
    await talk.say(taskId, 'After');
    expect(talk.lastAsked()).toEqual(['One', ANSWER, 'Edited', ANSWER, 'After']);
    expect(await talk.shown(taskId)).toEqual(['One', 'Edited', 'After']);

    const switched = await talk.show(taskId, two?.id);
    expect([switched.status, wordsOf(switched.body.subtasks)]).toEqual([200, ['One', 'Two', 'Three']]);
    await talk.say(taskId, 'Four');
    expect(talk.lastAsked()).toEqual(['One', ANSWER, 'Two', ANSWER, 'Three', ANSWER, 'Four']);

    await talk.version(taskId, { subtask_id: one?.id, prompt: script(QUICK, 'Anew') });
    expect(talk.lastAsked()).toEqual(['Anew']);
    await talk.say(taskId, 'Next');
    expect(talk.lastAsked()).toEqual(['Anew', ANSWER, 'Next']);
    expect(await talk.shown(taskId)).toEqual(['Anew', 'Next']);
  });

  it('are told the same when Redis has forgotten the conversation', async () => {
    if (kind === 'embedded') return;
    const taskId = await talk.add('One', 'Two');
    await talk.version(taskId, { prompt: script(QUICK, 'Other') });
    await stage.redis.use((client) => client.del(`chat:history:{${taskId}}`));
    await talk.say(taskId, 'Three');

    expect(talk.lastAsked()).toEqual(['One', ANSWER, 'Other', ANSWER, 'Three']);
  });

  it('give the task their state, and the state of the version that is shown', async () => {
    const taskId = await talk.add('One');
    const [good] = await talk.questions(taskId);
    const bad = await talk.version(taskId, { prompt: script('case=401', 'Bad') });
    const failed = await api.task(taskId);
    expect(failed).toMatchObject({ status: 'FAILED', prompt: script('case=401', 'Bad'), result: { value: '' } });
    expect(failed.error_message).not.toBeNull();

    const { body } = await talk.show(taskId, good?.id);
    expect(body).toMatchObject({ status: 'COMPLETED', progress: 100, error_message: null });
    expect([body.prompt, body.result?.value]).toEqual([script(QUICK, 'One'), ANSWER]);
    expect(nth(body.subtasks, 0).version).toEqual({ index: 1, count: 2, subtask_ids: [good?.id, bad.id] });
    const retry = await api.post<ErrorBody>(`/tasks/${taskId}/retry`);
    expect([retry.status, retry.body.code]).toEqual([409, 'conflict']);
    const attached = await (await api.attach(taskId)).untilClosed();
    expect(fold(attached.events).content).toBe(ANSWER);
    expect((await talk.show(taskId, bad.id)).body).toMatchObject({
      status: 'FAILED',
      error_message: failed.error_message,
    });
  });

  it('show the newest turn that follows a version', async () => {
    const taskId = await talk.add('One', 'Two', 'Three');
    const [, two, three] = await talk.questions(taskId);
    const other = await talk.version(taskId, { subtask_id: three?.id, prompt: script(QUICK, 'Third') });
    await talk.version(taskId, { subtask_id: two?.id, prompt: script(QUICK, 'Second') });

    expect(wordsOf((await talk.show(taskId, two?.id)).body.subtasks)).toEqual(['One', 'Two', 'Third']);
    expect(wordsOf((await talk.show(taskId, three?.id)).body.subtasks)).toEqual(['One', 'Two', 'Three']);
    const answerId = nth((await talk.show(taskId, other.id)).body.subtasks, -1).id;
    expect(wordsOf((await talk.show(taskId, answerId)).body.subtasks)).toEqual(['One', 'Two', 'Third']);
  });

  it('run with another model, and keep it', async () => {
    const taskId = await talk.add('One');
    await talk.version(taskId, { model_id: 'simulator-openai' });
    expect(stage.simulator.requests.at(-1)?.provider).toBe('openai');
    await talk.version(taskId);
    expect(stage.simulator.requests.at(-1)?.provider).toBe('openai');
    const unknown = await talk.create(taskId, { model_id: 'no-such-model' });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
    expect((await api.task(taskId)).status).toBe('COMPLETED');
  });

  it('run once when they are asked for twice', async () => {
    const taskId = await talk.add('One');
    const prompt = script('tokens=5 rate=1000', 'Slow');
    stage.simulator.holdAt(1);
    const before = stage.simulator.counters.requests;
    const plain = await Promise.all([1, 2, 3].map(() => talk.create(taskId, { prompt })));
    expect(plain.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    for (const { status, body } of plain) if (status === 409) expect(body.code).toBe('task_busy');
    const [question] = await talk.questions(taskId);
    const switched = await talk.show(taskId, question?.id);
    stage.simulator.holdAt(Infinity);
    expect([switched.status, switched.body.code]).toEqual([409, 'task_busy']);
    await (await api.attach(taskId)).untilClosed();
    const key = { 'idempotency-key': `version of ${taskId}`.replaceAll(' ', '-') };
    const keyed = await Promise.all([1, 2, 3].map(() => talk.create(taskId, { prompt }, key)));
    await (await api.attach(taskId)).untilClosed();
    const late = await talk.create(taskId, { prompt }, key);
    expect([...keyed, late].map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const other = await talk.create(taskId, {}, key);
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_key_reused']);

    expect(stage.simulator.counters.requests - before).toBe(2);
    expect((await talk.questions(taskId))[0]?.version).toMatchObject({ index: 3, count: 3 });
  });

  it('are refused for turns of other tasks, and with prompts that are too long', async () => {
    const taskId = await talk.add('One');
    const foreign = nth(await talk.questions(await talk.add('Other')), 0).id;
    const refused: Reply<ErrorBody>[] = [
      await talk.create(taskId, { subtask_id: foreign }),
      await talk.show(taskId, foreign),
      await talk.branch(taskId, { subtask_id: foreign }),
      await talk.create(987_654),
      await talk.show(987_654, foreign),
      await talk.branch(987_654),
    ];
    for (const { status, body } of refused) expect([status, body.code]).toEqual([404, 'not_found']);
    const long = await talk.create(taskId, { prompt: 'é'.repeat(30_001) });
    expect([long.status, long.body.code]).toEqual([413, 'prompt_too_long']);
    const inputs = await talk.create(taskId, { inputs: { city: 'Graz' } });
    expect([inputs.status, inputs.body.code]).toEqual([400, 'bad_request']);
    expect(await talk.shown(taskId)).toEqual(['One']);
  });

  it('of executors are offered, once', async () => {
    const teamId = await addTeam(api, { name: 'versions', shells: ['ClaudeCode'] });
    const { id } = (await api.post<TaskBody>('/tasks/create', { team_id: teamId, prompt: 'Do it' })).body;
    await api.post(`/tasks/${id}/cancel`);
    const replies = await Promise.all([talk.create(id, { prompt: 'Do that' }), talk.create(id)]);
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
    const next = (word: string) => talk.say(taskId, word);
    await next('Two');
    await talk.version(taskId, { prompt: script(QUICK, 'Other') });
    await next('More');
    const [two] = nth(await talk.questions(taskId), 1).version?.subtask_ids ?? [];
    await talk.show(taskId, two);
    await next('Three');
    const runs = difyRuns(stage, key);
    const [, second, other, more, three] = runs.map((run) => run['conversation_id']);
    const queries = runs.map((run) => String(run['query']));

    expect([other, three]).toEqual(['', '']);
    expect([second, more]).toEqual([expect.stringMatching(/-/), expect.stringMatching(/-/)]);
    expect(more).not.toBe(second);
    expect(queries[2]).toContain('User: One');
    expect(queries[2]).not.toContain('Two');
    expect(queries[4]).toContain('User: Two');
    expect(queries[4]).not.toContain('Other');
  });
});
