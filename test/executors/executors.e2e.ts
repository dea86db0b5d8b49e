import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, ErrorBody } from '../support/api.js';
import { GitServer } from '../support/git-server.js';
import { endAll, eventually } from '../support/child.js';
import { addExecutorTeam, addTask, ExecutorApi, INTERNAL_TOKEN, untilTask } from '../support/executors/executors.js';
import { addModel, TEST_KEY } from '../support/content/models.js';
import { Stage, STAGES } from '../support/stages/stage.js';

const GIT_TOKEN = 'ghp_a-git-token-of-this-test';

describe.each(STAGES)('executors, %s', (kind) => {
  let stage: Stage;
  let api: Api;
  let executor: ExecutorApi;
  let team: { teamId: number; botIds: number[] };
  let pipeline: { teamId: number; botIds: number[] };
  let git: GitServer;

  beforeAll(async () => {
    const environment = {
      INTERNAL_API_TOKEN: INTERNAL_TOKEN,
      LOG_LEVEL: 'debug',
      GIT_HTTP_HOSTS: '127.0.0.1',
    };
    git = await GitServer.start();
    git.tokens.add(GIT_TOKEN);
    stage = await Stage.start(kind, environment);
    api = stage.api;
    executor = new ExecutorApi(api);
    await api.call('PUT', '/users/me', {
      git_info: [{ git_domain: git.domain, git_token: GIT_TOKEN, type: 'gitea' }],
    });
    team = await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo');
    pipeline = await addExecutorTeam(api, 'line', [{ name: 'one' }, { name: 'two' }, { name: 'three' }]);
  });

  afterAll(async () => {
    await endAll(stage);
    await git.stop();
  });

  const subtaskOf = async (taskId: number, subtaskId: number) => api.answer(taskId, subtaskId);
  const ended = (taskId: number, status: string) => untilTask(api, taskId, status);

  describe('dispatch', () => {
    it('hands out oldest first, each once, with every field of the contract', async () => {
      const repository = {
        git_url: 'https://github.com/o/r.git',
        git_repo: 'o/r',
        git_repo_id: 123,
        git_domain: git.domain,
      };
      const first = await addTask(api, team.teamId, { title: 'Fix login', branch_name: 'main', ...repository });
      const second = await addTask(api, team.teamId);
      const taken = await executor.take();
      const next = await executor.take();

      expect([taken.task_id, next.task_id]).toEqual([first, second]);
      expect(await executor.dispatch('?limit=100')).toEqual([]);
      expect(taken).toEqual({
        ...{ subtask_id: expect.any(Number), subtask_next_id: null, task_id: first, type: 'online' },
        ...{ executor_name: '', executor_namespace: '', subtask_title: 'Fix login', task_title: 'Fix login' },
        user: {
          ...{ id: expect.any(Number), name: 'local', git_domain: git.domain, git_token: GIT_TOKEN, git_id: '56' },
          ...{ git_login: 'ann-tea', git_email: 'ann@tea.example', user_name: null },
        },
        bot: [
          {
            ...{ id: team.botIds[0], name: 'solo-bot', shell_type: 'ClaudeCode', role: 'role 0', base_image: null },
            agent_config: { env: { model: 'claude', model_id: 'claude-x', api_key: TEST_KEY } },
            ...{ system_prompt: 'I am solo-bot\nstep 0', mcp_servers: {}, skills: [] },
          },
        ],
        ...{ team_id: team.teamId, mode: 'solo', branch_name: 'main', ...repository, prompt: 'a question' },
        auth_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        ...{ status: 'RUNNING', progress: 0 },
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
        updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
      });
      expect(next.user).toMatchObject({ name: 'local', git_token: null });
      expect(await api.task(first)).toMatchObject({ status: 'RUNNING' });
      expect(await subtaskOf(first, taken.subtask_id)).toMatchObject({ status: 'RUNNING' });
      for (const subtaskId of [taken.subtask_id, next.subtask_id]) await executor.report(subtaskId, 'COMPLETED');
      await ended(second, 'COMPLETED');
    });

    it('asks by lane, ignores what it does not know, and has nothing but pending subtasks', async () => {
      const taskId = await addTask(api, team.teamId, { type: 'offline' });

      expect(await executor.dispatch('?whitelist_enabled=true')).toEqual([]);
      for (const status of ['RUNNING', 'COMPLETED'])
        expect(await executor.dispatch(`?type=offline&task_status=${status}`)).toEqual([]);
      const taken = await executor.take('?type=offline&task_status=PENDING&limit=10');
      expect(taken).toMatchObject({ task_id: taskId, type: 'offline' });
      await executor.report(taken.subtask_id, 'COMPLETED');
    });

    it.each(['?limit=0', '?limit=101', '?limit=x', '?type=other', '?task_status=NEW', '?task_ids=1,x', '?task_ids=0'])(
      'refuses %s',
      async (query) => {
        const { status, body } = await executor.dispatchReply(query);

        expect([status, body.code]).toEqual([422, 'validation_failed']);
      },
    );

    it('hands out a subtask whose team cannot be used no more, and says why; others go out', async () => {
      const model = await addModel(api, { name: 'gone-model', baseUrl: 'http://127.0.0.1:9', provider: 'claude' });
      const broken = await addExecutorTeam(api, 'broken', [{ name: 'broken-bot', config: { bind_model: model } }]);
      const failing = await addTask(api, broken.teamId);
      const unknown = await addTask(api, team.teamId, { model_id: 'no-such-model', force_override_bot_model: true });
      const fine = await addTask(api, team.teamId);
      await api.call('DELETE', '/models/gone-model');
      const taken = await executor.take();

      expect(taken.task_id).toBe(fine);
      expect((await ended(failing, 'FAILED')).error_message).toContain('gone-model');
      expect((await ended(unknown, 'FAILED')).error_message).toContain('no-such-model');
      await executor.report(taken.subtask_id, 'COMPLETED');
    });

    it('takes the model that the task forces, and the one that the bot binds', async () => {
      const baseUrl = 'http://127.0.0.1:9';
      await addModel(api, { name: 'forced', baseUrl, provider: 'claude' });
      await addModel(api, { name: 'bound', baseUrl, provider: 'openai' });
      const { teamId } = await addExecutorTeam(
        api,
        'bound',
        [{ name: 'bound-bot', config: { bind_model: 'bound' } }],
        'solo',
      );
      const chosen = { model_id: 'forced', force_override_bot_model: true };
      const configs: unknown[] = [];
      for (const more of [{}, { model_id: 'forced' }, chosen]) {
        await addTask(api, teamId, more);
        const { bot, subtask_id: subtaskId } = await executor.take();
        configs.push(bot[0]?.agent_config);
        await executor.report(subtaskId, 'COMPLETED');
      }
      const env = (model: string) => ({ env: { model, model_id: 'sim', api_key: TEST_KEY, base_url: baseUrl } });

      expect(configs).toEqual([env('openai'), env('openai'), env('claude')]);
    });
  });

  describe('a pipeline', () => {
    it('goes step by step, each with the text of the one before', async () => {
      const taskId = await addTask(api, pipeline.teamId, { prompt: 'Build it' });
      const other = await addTask(api, team.teamId);
      const seen: unknown[] = [];
      for (const step of [0, 1, 2]) {
        const taken = await eventually(
          'the next step is on offer',
          async () => (await executor.dispatch(`?task_ids=${taskId}`))[0],
        );
        expect(await executor.dispatch(`?task_ids=${taskId}`)).toEqual([]);
        seen.push([taken.prompt, taken.bot.map(({ id, role, system_prompt }) => [id, role, system_prompt])]);
        await executor.report(taken.subtask_id, 'RUNNING', { progress: 30, executor_name: 'container' });
        await executor.report(taken.subtask_id, 'COMPLETED', {
          progress: 100,
          result: { value: `text ${step}`, thinking: [] },
        });
      }

      const [one, two, three] = pipeline.botIds;
      expect(seen).toEqual([
        ['Build it', [[one, 'role 0', 'I am one\nstep 0']]],
        ['Build it\nPrevious execution result: text 0', [[two, 'role 1', 'I am two\nstep 1']]],
        ['Build it\nPrevious execution result: text 1', [[three, 'role 2', 'I am three\nstep 2']]],
      ]);
      expect(await ended(taskId, 'COMPLETED')).toMatchObject({ progress: 100, result: { value: 'text 2' } });
      const taken = await executor.take(`?task_ids=${other},${taskId}&limit=1`);
      expect(taken.task_id).toBe(other);
      await executor.report(taken.subtask_id, 'COMPLETED');
    });
  });

  it('answers nobody without the token, and everybody alike', async () => {
    const replies: string[] = [];
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { 'x-conch-signature': 'v1=00' }]) {
      for (const [method, path, body] of [
        ['POST', '/executors/tasks/dispatch', undefined],
        ['PUT', '/executors/tasks', { subtask_id: 1, status: 'RUNNING' }],
        ['PUT', '/executors/tasks', { nonsense: true }],
        ['POST', '/executors/tasks/1/heartbeat', undefined],
      ] as const) {
        const { status, body: error } = await api.call<ErrorBody>(
          method,
          path,
          body,
          headers as Record<string, string>,
        );
        replies.push(`${status} ${error.code} ${error.message}`);
      }
    }

    expect([...new Set(replies)]).toEqual([expect.stringMatching(/^401 unauthorized /)]);
  });

  it('extends leases by heartbeats while the subtask runs', async () => {
    const taskId = await addTask(api, team.teamId);
    const { subtask_id: subtaskId } = await executor.take();
    const alive = await executor.heartbeat(subtaskId);

    expect([alive.status, alive.body]).toEqual([
      200,
      {
        ...{ subtask_id: subtaskId, task_id: taskId, status: 'RUNNING', cancelling: false },
        lease_expires_at: expect.stringMatching(/Z$/),
      },
    ]);
    expect(Date.parse(alive.body.lease_expires_at)).toBeGreaterThan(Date.now() + 60_000);
    await executor.report(subtaskId, 'COMPLETED');
    await ended(taskId, 'COMPLETED');
    const late = await executor.heartbeat(subtaskId);
    const unknown = await Promise.all([executor.heartbeat(2_000_000_000), executor.heartbeat('x')]);
    expect([late.status, late.body.code]).toEqual([409, 'subtask_final']);
    expect(unknown.map(({ status, body }) => [status, body.code])).toEqual(Array(2).fill([404, 'not_found']));
  });

  it('keeps secrets out of the log', async () => {
    await addTask(api, team.teamId, { git_domain: 'github.com' });
    const { auth_token: token, subtask_id: subtaskId } = await executor.take();
    await executor.report(subtaskId, 'COMPLETED', { result: { value: 'a secret answer' } });
    const { logs } = stage.server(0);

    expect(logs).toContain(`subtask ${subtaskId}`);
    for (const secret of [token, TEST_KEY, GIT_TOKEN, INTERNAL_TOKEN, 'a secret answer'])
      expect(logs).not.toContain(secret);
  });
});
