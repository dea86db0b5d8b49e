import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, ErrorBody, TaskBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { addDifyBot, addDifyTeam, difyRuns } from '../support/content/dify.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import type { Stage } from '../support/stages/stage.js';
import { add } from '../support/content/teams.js';

const block = (inputs: object, text = 'Hello') =>
  `[EXTERNAL_API_PARAMS]${JSON.stringify(inputs)}[/EXTERNAL_API_PARAMS]\n${text}`;
const image = { type: 'image', transfer_method: 'remote_url', url: 'https://example.com/a.png' };

describe('inputs and files of a turn', () => {
  let stage: Stage;
  let api: Api;
  let teams = 0;

  beforeAll(async () => {
    stage = await sharedStage('embedded');
    api = stage.api;
  });
  afterAll(() => endAll(stage));

  /** A team of its own app, and what that app was asked. */
  async function team(words: string, env: Record<string, unknown> = {}) {
    const key = `app-t${(teams += 1)}-${words}`;

    return { ...(await addDifyTeam(stage, api, key, env)), runs: () => difyRuns(stage, key) };
  }

  const ask = (body: object) => api.post<ErrorBody>('/direct-chat/stream', { prompt: 'Hello', ...body });
  const tasks = async () => (await api.get<{ total: number }>('/tasks')).body.total;

  it('reach the app, the block in the prompt before the request before the bot', async () => {
    const { teamId, runs } = await team('inputs-chat', { DIFY_PARAMS: { city: 'Graz', tone: 'warm', notes: 'n' } });
    const inputs = { tone: 'dry', days: '3', city: 'Linz' };
    const turn = await api.turn({ team_id: teamId, prompt: block({ city: 'Wien' }), inputs, files: [image] });

    expect(turn.terminal).toMatchObject({ type: 'done' });
    expect(runs()).toEqual([
      expect.objectContaining({
        query: 'Hello',
        inputs: { city: 'Wien', tone: 'dry', notes: 'n', days: 3 },
        files: [image],
      }),
    ]);
    const task = await api.task(turn.taskId);
    expect([task.title, task.subtasks[0]?.prompt]).toEqual(['Hello', block({ city: 'Wien' })]);
  });

  it('are the same on every turn, but for what a turn changes', async () => {
    const { teamId, runs } = await team('inputs-advanced-chat');
    const first = await api.turn({ team_id: teamId, prompt: block({ city: 'Graz', tone: 'dry' }), files: [image] });
    const next = (body: object) => api.turn({ task_id: first.taskId, prompt: 'And?', ...body });
    await next({});
    await next({ inputs: { tone: null, days: 2 } });
    await (
      await api.open(`/direct-chat/${first.taskId}/stream`, { method: 'POST', body: { prompt: 'So?' } })
    ).untilClosed();

    expect(runs().map((run) => run['inputs'])).toEqual([
      { city: 'Graz', tone: 'dry' },
      { city: 'Graz', tone: 'dry' },
      { city: 'Graz', days: 2 },
      { city: 'Graz', days: 2 },
    ]);
    expect(runs().map((run) => (run['files'] as unknown[] | undefined)?.length ?? 0)).toEqual([1, 0, 0, 0]);
  });

  it('stay with a failed turn that is asked again', async () => {
    const { teamId, runs } = await team('inputs-chat');
    const prompt = block({ city: 'Graz' }, 'Hello [sim case=error-first key=again]');
    const failed = await api.turn({ team_id: teamId, prompt, inputs: { days: 4 }, files: [image] });
    const reply = await api.post<TaskBody>(`/tasks/${failed.taskId}/retry`);
    await (await api.attach(failed.taskId)).untilClosed();

    expect([failed.terminal?.type, reply.status]).toEqual(['error', 201]);
    expect(runs()).toHaveLength(2);
    expect(runs()[1]).toMatchObject({ inputs: { city: 'Graz', days: 4 }, files: [image] });
    expect((await api.task(failed.taskId)).status).toBe('COMPLETED');
  });

  it('are refused before anything is stored or asked', async () => {
    const { teamId, runs } = await team('inputs-chat');
    const before = await tasks();
    const cases: [object, string[]][] = [
      [{}, ['inputs.city']],
      [{ inputs: { city: 5, tone: 'wet', days: 'x' } }, ['inputs.city', 'inputs.tone', 'inputs.days']],
      [{ inputs: { city: 'x'.repeat(49) } }, ['inputs.city']],
      [{ inputs: { city: 'Graz' }, files: [{ ...image, type: 'audio' }] }, ['files.0']],
      [{ inputs: { city: 'Graz', plan: { ...image, url: 'x' } } }, ['inputs.plan']],
      [{ prompt: '[EXTERNAL_API_PARAMS]city=Graz[/EXTERNAL_API_PARAMS]' }, ['prompt']],
      [{ prompt: block({ city: 'a\0b' }) }, ['prompt']],
      [{ prompt: block({ city: 'Graz' }, '') }, ['prompt']],
    ];
    for (const [body, fields] of cases) {
      const { status, body: error } = await ask({ team_id: teamId, ...body });

      expect([status, error.code]).toEqual([400, 'dify_input_invalid']);
      expect(error.errors?.map(({ field }) => field)).toEqual(fields);
      expect(error.message).toContain(fields[0]?.split('.').at(-1));
    }
    expect(await tasks()).toBe(before);
    expect(runs()).toEqual([]);
  });

  it.each([
    ['inputs', { inputs: { city: 'Graz' } }],
    ['files', { files: [image] }],
  ])('are refused by teams that answer from a model: %s', async (field, body) => {
    const reply = await ask(body);

    expect([reply.status, reply.body.code, reply.body.errors?.[0]?.field]).toEqual([400, 'bad_request', field]);
  });

  it.each([
    ['files.0.type', { files: [{ ...image, type: 'picture' }] }],
    ['files', { files: 'a.png' }],
    ['inputs', { inputs: ['Graz'] }],
  ])('have a shape: %s', async (field, body) => {
    const reply = await ask(body);

    expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([422, field]);
  });

  it('are left to the run while the app cannot be asked', async () => {
    const { teamId } = await team('chat', { DIFY_BASE_URL: 'http://127.0.0.1:1' });
    const turn = await api.turn({ team_id: teamId, prompt: 'Hello', inputs: { city: 'Graz' } });

    expect(turn.terminal).toMatchObject({ type: 'error', code: 'provider_unavailable' });
  });

  it('belong to the body that an idempotency key stands for', async () => {
    const { teamId, runs } = await team('inputs-chat');
    const headers = { 'idempotency-key': 'inputs-1' };
    const body = { team_id: teamId, prompt: 'Hello', inputs: { city: 'Graz' } };
    const first = await api.turn(body, headers);
    const again = await api.turn(body, headers);
    const other = await api.post<ErrorBody>('/direct-chat/stream', { ...body, inputs: { city: 'Wien' } }, headers);

    expect([again.taskId, other.status, other.body.code]).toEqual([first.taskId, 409, 'idempotency_key_reused']);
    expect(runs()).toHaveLength(1);
  });

  it('come with a task that was made first', async () => {
    const { teamId, runs } = await team('inputs-chat');
    const { body: task } = await api.post<TaskBody>('/tasks/create', {
      team_id: teamId,
      prompt: block({ city: 'Graz' }),
    });
    const path = `/direct-chat/${task.id}/stream`;
    const refused = await api.post<ErrorBody>(path, { inputs: { days: 'x' } });
    const stream = await api.open(path, { method: 'POST', body: { inputs: { days: 5 }, files: [image] } });
    await stream.untilClosed();

    expect([refused.status, refused.body.code]).toEqual([400, 'dify_input_invalid']);
    expect(runs()).toEqual([
      expect.objectContaining({ query: 'Hello', inputs: { city: 'Graz', days: 5 }, files: [image] }),
    ]);
  });

  it('give a workflow the text of the question', async () => {
    const { teamId, runs } = await team('demo-workflow');
    await api.turn({ team_id: teamId, prompt: block({ tone: 'dry' }) });

    expect(runs()[0]?.['inputs']).toEqual({ tone: 'dry', query: 'Hello' });
  });

  it('are checked for every app of a pipeline, and not told to its models', async () => {
    const bots = [
      await add(api, '/bots', {
        name: 'line-chat',
        shell_name: 'Chat',
        agent_config: { bind_model: 'simulator-claude' },
      }),
      await addDifyBot(stage, api, 'app-line-inputs-chat'),
    ];
    const teamId = await add(api, '/teams', {
      name: 'line',
      bots: bots.map((id) => ({ bot_id: id })),
      workflow: { mode: 'pipeline' },
    });
    const refused = await ask({ team_id: teamId });
    const turn = await api.turn({ team_id: teamId, prompt: block({ city: 'Graz' }, 'Hi [sim tokens=3 rate=0]') });
    const asked = stage.simulator.requests.filter(({ provider }) => provider === 'claude').at(-1);

    expect(refused.body.errors).toMatchObject([{ field: 'inputs.city' }]);
    expect(turn.terminal?.type).toBe('done');
    expect(JSON.stringify(asked?.body)).toContain('Hi [sim');
    expect(JSON.stringify(asked?.body)).not.toContain('EXTERNAL_API_PARAMS');
    expect(difyRuns(stage, 'app-line-inputs-chat')).toMatchObject([{ inputs: { city: 'Graz' } }]);
  });
});
