import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../../src/auth/users/users.service.js';
import { openServers } from '../../src/bots/bot-servers.js';
import { BotsModule } from '../../src/bots/bots.module.js';
import { BotsService } from '../../src/bots/bots.service.js';
import { SecretBox } from '../../src/common/secrets/secret-box.js';
import { bots, models, shells } from '../../src/infra/database/schema/schema.js';
import { ModelsModule } from '../../src/models/models.module.js';
import { ShellsModule } from '../../src/shells/shells.module.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

const ADMIN = 'the admin password';
const KEY = 'sk-ant-secret-0123456789';
const ENV = {
  MODEL_TYPE: 'claude',
  MODEL_ID: 'claude-x',
  API_KEY: KEY,
  custom_headers: '{"X-Token":"abcdefghijklmnop","X-A":"b"}',
};
const BOT = { name: 'writer', shell_name: 'Chat', agent_config: { env: ENV }, system_prompt: 'Write well.' };

interface Bot {
  id: number;
  name: string;
  user_id: number;
  agent_config: { env: Record<string, string>; bind_model?: string };
  [field: string]: unknown;
}

describe('bots', () => {
  let app: FeatureApp;
  let ann: string;
  let ben: string;
  let annId: number;
  let publicId: number;

  const create = async (change: Record<string, unknown>, token = ann) =>
    (await app.call<Bot>('POST /bots', { token, body: { ...BOT, ...change } })).body;
  const resolve = async (id: number) => (await app.app.get(BotsService).resolve(annId, [id]))[0];

  beforeAll(async () => {
    app = await startFeatureApp({
      modules: [ShellsModule, ModelsModule, BotsModule],
      environment: { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN },
    });
    const admin = await app.token('admin', ADMIN);
    ann = await app.addUser(admin, 'ann');
    ben = await app.addUser(admin, 'ben');
    annId = (await app.app.get(UsersService).byName('ann'))?.id ?? 0;
    await app.db.insert(shells).values([
      { userId: null, name: 'Chat', shellType: 'Chat', executionType: 'external_api' },
      { userId: null, name: 'ClaudeCode', shellType: 'ClaudeCode', executionType: 'local_engine' },
      { userId: annId, name: 'my-image', shellType: 'ClaudeCode', executionType: 'local_engine', baseImage: 'img:1' },
    ]);
    await app.db.insert(models).values([
      { userId: null, name: 'shared', provider: 'openai', modelId: 'public-id' },
      { userId: annId, name: 'shared', provider: 'claude', modelId: 'own-id' },
    ]);
    const [row] = await app.db
      .insert(bots)
      .values({ userId: null, name: 'helper', shellName: 'Chat', modelName: 'shared' })
      .returning();
    publicId = row?.id ?? 0;
  });
  afterAll(() => endAll(app));

  it('shows a new bot with masked secrets, in JSON text too', async () => {
    const { status, body } = await app.call<Bot>('POST /bots', {
      token: ann,
      body: { ...BOT, skills: ['a'], is_active: true },
    });

    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(Number),
      user_id: annId,
      name: 'writer',
      shell_name: 'Chat',
      shell_type: 'Chat',
      agent_config: {
        env: { ...ENV, API_KEY: '***6789', custom_headers: '{"X-Token":"***mnop","X-A":"b"}' },
      },
      model_name: null,
      system_prompt: 'Write well.',
      mcp_servers: {},
      skills: ['a'],
      is_active: true,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
  });

  it('stores the config encrypted only', async () => {
    await create({ name: 'hidden' });
    const rows = await app.db.select().from(bots);

    expect(JSON.stringify(rows)).not.toMatch(/sk-ant-secret|abcdefghijklmnop/);
  });

  it('keeps the stored secrets when the masked config is sent back', async () => {
    const bot = await create({ name: 'edited', mcp_servers: { git: { env: { GIT_TOKEN: 'ghp_0123456789abcd' } } } });
    const env = { ...bot.agent_config.env, MODEL_ID: 'claude-y' };
    const body = { ...BOT, name: 'edited', agent_config: { env }, mcp_servers: bot.mcp_servers };
    const changed = await app.call<Bot>(`PUT /bots/${bot.id}`, { token: ann, body });
    const [row] = (await app.db.select().from(bots)).filter(({ id }) => id === bot.id);
    const resolved = await resolve(bot.id);

    expect(changed.body.agent_config.env).toMatchObject({ MODEL_ID: 'claude-y', API_KEY: '***6789' });
    expect(changed.body.mcp_servers).toEqual({ git: { env: { GIT_TOKEN: '***abcd' } } });
    expect(JSON.stringify(row)).not.toContain('ghp_');
    expect(row && openServers(row, app.app.get(SecretBox))).toEqual({
      git: { env: { GIT_TOKEN: 'ghp_0123456789abcd' } },
    });
    expect(resolved?.model).toEqual({
      name: 'edited',
      provider: 'claude',
      modelId: 'claude-y',
      baseUrl: null,
      apiKey: KEY,
      headers: { 'X-Token': 'abcdefghijklmnop', 'X-A': 'b' },
      parameters: {},
    });
  });

  it('changes only what is sent', async () => {
    const bot = await create({ name: 'partly' });
    const { body } = await app.call<Bot>(`PUT /bots/${bot.id}`, { token: ann, body: { system_prompt: null } });

    expect(body).toMatchObject({
      name: 'partly',
      shell_name: 'Chat',
      system_prompt: '',
      agent_config: bot.agent_config,
    });
    expect((await resolve(bot.id))?.model?.apiKey).toBe(KEY);
  });

  it('binds a model by either field, and lets go of it', async () => {
    const wegent = await create({ name: 'bound-1', agent_config: { bind_model: 'shared' } });
    const ours = await create({ name: 'bound-2', agent_config: undefined, model_name: 'shared' });
    const freed = await app.call<Bot>(`PUT /bots/${ours.id}`, { token: ann, body: { model_name: null } });

    expect([wegent.model_name, ours.model_name, freed.body.model_name]).toEqual(['shared', 'shared', null]);
    expect(ours.agent_config).toEqual({ bind_model: 'shared' });
    expect((await resolve(wegent.id))?.model).toMatchObject({ modelId: 'own-id' });
    expect(await resolve(ours.id)).toMatchObject({ model: null, modelProblem: 'Bot "bound-2" binds no model' });
  });

  it('gives public bots public models only, even when the user has one of the same name', async () => {
    expect(await resolve(publicId)).toMatchObject({
      shellType: 'Chat',
      modelName: 'shared',
      model: { modelId: 'public-id' },
    });
  });

  it('resolves in the order asked for, and leaves out what the user may not use', async () => {
    const own = await create({ name: 'ordered' });
    const foreign = await create({ name: 'foreign' }, ben);
    const resolved = await app.app.get(BotsService).resolve(annId, [publicId, foreign.id, own.id]);

    expect(resolved.map(({ id }) => id)).toEqual([publicId, own.id]);
  });

  it('says why a bot has no model', async () => {
    const bot = await create({ name: 'lost', agent_config: { bind_model: 'shared' } });
    await app.db.update(bots).set({ modelName: 'deleted-model' });
    const resolved = await resolve(bot.id);
    await app.db.update(bots).set({ modelName: null });

    expect(resolved).toMatchObject({
      model: null,
      modelProblem: expect.stringContaining('"deleted-model", which does not exist'),
    });
  });

  it.each([
    ['shell_name', { shell_name: 'Chatt' }],
    ['shell_name', { shell_name: undefined }],
    ['agent_config.bind_model', { agent_config: { bind_model: 'nope' } }],
    ['model_name', { model_name: 'nope' }],
    ['agent_config.env', { agent_config: { env: { API_KEY: 'a' } } }],
    ['agent_config.env', { agent_config: { env: 'x' } }],
    ['agent_config', { agent_config: 'x' }],
    ['name', { name: null }],
    ['skills', { skills: [1] }],
    ['is_active', { is_active: false }],
    ['agent_config.env.A', { agent_config: { env: { A: 'a\u0000' } } }],
    ['agent_config.env', { agent_config: { env: { '\ud800': 'a' } } }],
  ])('refuses a wrong %s', async (field, change) => {
    const { status, body } = await app.fail('POST /bots', { token: ann, body: { ...BOT, name: 'wrong', ...change } });

    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors?.map((problem) => problem.field)).toContain(field);
  });

  it('does not judge the env of shells that know names of their own', async () => {
    const bot = await create({
      name: 'coder',
      shell_name: 'my-image',
      agent_config: { env: { DIFY_API_KEY: 'app-0123456789' } },
    });

    expect(bot).toMatchObject({ shell_type: 'ClaudeCode', agent_config: { env: { DIFY_API_KEY: '***6789' } } });
  });

  it("does not know another user's bot, nor their shell", async () => {
    const bot = await create({ name: 'only-ann' });
    const calls = ['GET', 'PUT', 'DELETE'].map((method) =>
      app.fail(`${method} /bots/${bot.id}`, { token: ben, ...(method === 'PUT' && { body: {} }) }),
    );
    const shell = await app.fail('POST /bots', { token: ben, body: { ...BOT, shell_name: 'my-image' } });

    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(shell.body.errors?.[0]).toEqual({
      field: 'shell_name',
      message: 'there is no shell "my-image"; there are: Chat, ClaudeCode',
    });
  });

  it('shows public bots, which nobody can change', async () => {
    const shown = await app.call<Bot>(`GET /bots/${publicId}`, { token: ben });
    const put = await app.fail(`PUT /bots/${publicId}`, { token: ben, body: { name: 'x' } });
    const deleted = await app.fail(`DELETE /bots/${publicId}`, { token: ben });

    expect(shown.body).toMatchObject({ user_id: 0, name: 'helper' });
    expect([put.status, put.body.code, deleted.status]).toEqual([403, 'forbidden', 403]);
  });

  it('frees the name of a deleted bot', async () => {
    const bot = await create({ name: 'again' });
    const twice = await app.fail('POST /bots', { token: ann, body: { ...BOT, name: 'again' } });
    await app.call(`DELETE /bots/${bot.id}`, { token: ann });
    const gone = await app.fail(`GET /bots/${bot.id}`, { token: ann });
    const next = await create({ name: 'again' });

    expect([twice.status, gone.status]).toEqual([409, 404]);
    expect(next.id).toBeGreaterThan(bot.id);
  });

  it('pages own bots before public ones', async () => {
    const { body } = await app.call<{ total: number; items: Bot[] }>('GET /bots?limit=100', { token: ann });
    const last = await app.call<{ items: Bot[] }>(`GET /bots?limit=1&page=${body.total}`, { token: ann });

    expect(body.items).toHaveLength(body.total);
    expect(last.body.items.map(({ name }) => name)).toEqual(['helper']);
  });

  it('lists shells as Wegent does, those of the caller only', async () => {
    const mine = await app.call<{ data: { name: string }[] }>('GET /shells/unified', { token: ann });
    const bens = await app.call<{ data: { name: string }[] }>('GET /shells/unified', { token: ben });
    const foreign = await app.fail('GET /shells/unified/my-image', { token: ben });
    const asPublic = await app.fail('GET /shells/unified/my-image?shell_type=public', { token: ann });

    expect(mine.body.data[0]).toEqual({
      name: 'my-image',
      type: 'user',
      displayName: null,
      shellType: 'ClaudeCode',
      baseImage: 'img:1',
      baseShellRef: null,
      supportModel: [],
      executionType: 'local_engine',
      state: 'Available',
      stateReason: null,
      validation: null,
    });
    expect(bens.body.data.map(({ name }) => name)).toEqual(['Chat', 'ClaudeCode']);
    expect([foreign.status, asPublic.status]).toEqual([404, 404]);
  });
});
