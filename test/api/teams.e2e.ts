import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../../src/auth/users/users.service.js';
import { BotsModule } from '../../src/bots/bots.module.js';
import { bots, shells, teams } from '../../src/infra/database/schema/schema.js';
import { TeamsModule } from '../../src/teams/teams.module.js';
import { TeamsService } from '../../src/teams/teams.service.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

const ADMIN = 'the admin password';

interface Team {
  id: number;
  name: string;
  [field: string]: unknown;
}

describe('teams', () => {
  let app: FeatureApp;
  let ann: string;
  let ben: string;
  let annId: number;
  let publicBot: number;
  let publicTeam: number;
  let chatBot: number;
  let codeBot: number;

  const bot = async (name: string, shell: string, token = ann) => {
    const body = { name, shell_name: shell, agent_config: { env: { MODEL_ID: 'gpt-x', API_KEY: 'k' } } };

    return (await app.call<{ id: number }>('POST /bots', { token, body })).body.id;
  };
  const create = (change: Record<string, unknown>, token = ann) =>
    app.call<Team>('POST /teams', {
      token,
      body: { name: 'docs', bots: [{ bot_id: chatBot, bot_prompt: 'Plan first.', role: 'leader' }], ...change },
    });

  beforeAll(async () => {
    app = await startFeatureApp({
      modules: [BotsModule, TeamsModule],
      environment: { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN },
    });
    const admin = await app.token('admin', ADMIN);
    ann = await app.addUser(admin, 'ann');
    ben = await app.addUser(admin, 'ben');
    annId = (await app.app.get(UsersService).byName('ann'))?.id ?? 0;
    await app.db.insert(shells).values([
      { userId: null, name: 'Chat', shellType: 'Chat', executionType: 'external_api' },
      { userId: null, name: 'ClaudeCode', shellType: 'ClaudeCode', executionType: 'local_engine' },
    ]);
    const [row] = await app.db.insert(bots).values({ userId: null, name: 'helper', shellName: 'Chat' }).returning();
    publicBot = row?.id ?? 0;
    const members = [{ bot_id: publicBot, bot_prompt: '', role: '' }];
    const [team] = await app.db.insert(teams).values({ userId: null, name: 'docs', members }).returning();
    publicTeam = team?.id ?? 0;
    chatBot = await bot('chatter', 'Chat');
    codeBot = await bot('coder', 'ClaudeCode');
  });
  afterAll(() => endAll(app));

  it('shows a new team with summaries of its bots', async () => {
    const { status, body } = await create({ name: 'shown', workflow: { mode: 'pipeline' }, is_active: true });

    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(Number),
      name: 'shown',
      namespace: 'default',
      display_name: null,
      bots: [
        {
          bot_id: chatBot,
          bot_prompt: 'Plan first.',
          role: 'leader',
          bot: {
            ...{ id: chatBot, name: 'chatter', shell_name: 'Chat', shell_type: 'Chat', model_name: null },
            agent_config: { env: { MODEL_ID: 'gpt-x', API_KEY: '***' } },
          },
        },
      ],
      workflow: { mode: 'pipeline' },
      is_active: true,
      user_id: annId,
      agent_type: 'chat',
      is_mix_team: false,
      share_status: 0,
      supports_direct_chat: true,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
  });

  it("takes what Wegent's clients send, and shows which model a bot is bound to", async () => {
    await app.call('POST /models', {
      token: ann,
      body: { name: 'bound-model', provider: 'openai', modelId: 'm', apiKey: 'k' },
    });
    const bound = await app.call<{ id: number }>('POST /bots', {
      token: ann,
      body: { name: 'bound', shell_name: 'Chat', agent_config: { bind_model: 'bound-model' }, namespace: 'default' },
    });
    const body = {
      name: 'edited',
      description: 'of the team editor',
      bind_mode: ['chat'],
      icon: 'users',
      workflow: { mode: 'pipeline', leader_bot_id: bound.body.id },
      bots: [{ bot_id: bound.body.id, bot_prompt: '', role: 'leader', icon: null }],
    };
    const created = await app.call<Team>('POST /teams', { token: ann, body });
    const updated = await app.call<Team>(`PUT /teams/${created.body.id}`, {
      token: ann,
      body: { ...body, name: null },
    });
    const listed = await app.call<{ items: Team[] }>('GET /teams?page=1&limit=100&scope=all', { token: ann });

    expect([created.status, updated.status, listed.status]).toEqual([201, 200, 200]);
    expect(updated.body).toMatchObject({
      name: 'edited',
      bots: [{ bot: { model_name: 'bound-model', agent_config: { bind_model: 'bound-model' } } }],
    });
  });

  it('supports direct chat only when every bot does', async () => {
    const { body } = await create({ name: 'mixed', bots: [{ bot_id: codeBot }, { bot_id: chatBot }] });

    expect(body).toMatchObject({
      is_mix_team: true,
      supports_direct_chat: false,
      agent_type: 'claude',
      workflow: { mode: 'solo' },
    });
  });

  it('resolves a team with its members in order, with prompts and models', async () => {
    const { body } = await create({
      name: 'ordered',
      bots: [
        { bot_id: publicBot, role: 'helper' },
        { bot_id: chatBot, bot_prompt: 'p' },
        { bot_id: publicBot, bot_prompt: 'q' },
      ],
    });
    const team = await app.app.get(TeamsService).resolve(annId, { id: body.id });

    expect(team).toMatchObject({ id: body.id, name: 'ordered', mode: 'solo' });
    expect(team.members.map(({ id, prompt, role }) => [id, prompt, role])).toEqual([
      [publicBot, '', 'helper'],
      [chatBot, 'p', ''],
      [publicBot, 'q', ''],
    ]);
    expect(team.members[1]).toMatchObject({
      shellType: 'Chat',
      executionType: 'external_api',
      model: { modelId: 'gpt-x' },
    });
  });

  it('resolves names: the own team first, then the public one', async () => {
    const { body } = await create({});
    const service = app.app.get(TeamsService);

    await expect(service.resolve(annId, { name: 'docs' })).resolves.toMatchObject({ id: body.id });
    await expect(service.resolve(annId + 1, { name: 'docs' })).resolves.toMatchObject({ id: publicTeam });
    await expect(service.resolve(annId, { name: 'docs', namespace: 'other' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'Team not found',
    });
    await expect(service.resolve(annId + 1, { id: body.id })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('refuses to delete a bot while a team uses it, naming the team', async () => {
    const used = await bot('used', 'Chat');
    const team = await create({ name: 'user of used', bots: [{ bot_id: used }] });
    const deleted = await app.fail(`DELETE /bots/${used}`, { token: ann });
    const switchedOff = await app.fail(`PUT /bots/${used}`, { token: ann, body: { is_active: false } });
    await app.call(`DELETE /teams/${team.body.id}`, { token: ann });
    const after = await app.call(`DELETE /bots/${used}`, { token: ann });

    expect([deleted.status, deleted.body.code, switchedOff.status, after.status]).toEqual([409, 'conflict', 409, 200]);
    expect(deleted.body.message).toContain('team "user of used"');
  });

  it('says which bot is gone', async () => {
    const { body } = await create({ name: 'broken' });
    await app.db.update(teams).set({ members: [{ bot_id: 999, bot_prompt: '', role: '' }] });
    const shown = await app.call<Team>(`GET /teams/${body.id}`, { token: ann });
    const resolved = app.app.get(TeamsService).resolve(annId, { id: body.id });
    await expect(resolved).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('bot 999') });
    await app.db.update(teams).set({ members: [{ bot_id: publicBot, bot_prompt: '', role: '' }] });

    expect(shown.body).toMatchObject({ bots: [{ bot_id: 999, bot: null }], supports_direct_chat: false });
  });

  it("does not know another user's team", async () => {
    const { body } = await create({ name: 'only-ann' });
    const calls = ['GET', 'PUT', 'DELETE'].map((method) =>
      app.fail(`${method} /teams/${body.id}`, { token: ben, ...(method === 'PUT' && { body: {} }) }),
    );
    const list = await app.call<{ items: Team[] }>('GET /teams?limit=100', { token: ben });

    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(list.body.items.map(({ id }) => id)).toEqual([publicTeam]);
  });

  it('does not let anybody build on a foreign bot or change a public team', async () => {
    const foreign = await bot('bens', 'Chat', ben);
    const built = await app.fail('POST /teams', {
      token: ann,
      body: { name: 'x', bots: [{ bot_id: chatBot }, { bot_id: foreign }] },
    });
    const changed = await app.fail(`PUT /teams/${publicTeam}`, { token: ann, body: { name: 'x' } });

    expect(built.body.errors).toEqual([{ field: 'bots.1.bot_id', message: `there is no bot ${foreign}` }]);
    expect([changed.status, changed.body.code]).toEqual([403, 'forbidden']);
  });

  it('changes only what is sent', async () => {
    const { body } = await create({ name: 'partly', workflow: { mode: 'route' } });
    const renamed = await app.call<Team>(`PUT /teams/${body.id}`, { token: ann, body: { name: 'renamed' } });
    const taken = await app.fail(`PUT /teams/${body.id}`, { token: ann, body: { name: 'ordered' } });

    expect(renamed.body).toMatchObject({ name: 'renamed', workflow: { mode: 'route' }, bots: [{ bot_id: chatBot }] });
    expect([taken.status, taken.body.code]).toEqual([409, 'conflict']);
  });

  it.each([
    ['name', { name: 5 }],
    ['bots', { bots: [] }],
    ['bots', { bots: 'x' }],
    ['bots', { bots: [[{ bot_id: 1 }]] }],
    ['bots', { bots: [null] }],
    ['bots.0.bot_id', { bots: [{ bot_id: '1' }] }],
    ['bots.0.bot_id', { bots: [{ bot_id: 2_147_483_648 }] }],
    ['workflow.mode', { workflow: {} }],
    ['workflow', { workflow: 'solo' }],
    ['is_active', { is_active: false }],
  ])('refuses a wrong %s', async (field, change) => {
    const { status, body } = await app.fail('POST /teams', {
      token: ann,
      body: { name: 'wrong', bots: [{ bot_id: chatBot }], ...change },
    });

    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors?.map((problem) => problem.field)).toContain(field);
  });
});
