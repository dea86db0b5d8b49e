import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../../src/auth/users/users.service.js';
import { BotsModule } from '../../src/bots/bots.module.js';
import { SecretBox } from '../../src/common/secrets/secret-box.js';
import { bots, models, shells, teams } from '../../src/infra/database/schema/schema.js';
import { ModelsModule } from '../../src/models/models.module.js';
import { ShellsModule } from '../../src/shells/shells.module.js';
import { TeamsModule } from '../../src/teams/teams.module.js';
import { endAll, nth } from '../support/child.js';
import { type ErrorReply, type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

const ADMIN = 'the admin password';
const KEY = '11'.repeat(32);
/** What a list may have at most: 2 MiB of large columns, and what each item has besides. */
const MAX_LIST = 3 * 1024 * 1024;
const COUNT = 100;
const MAX_OWNED = 500;
const PROMPT = 'é'.repeat(60_000);

interface Item {
  id: number;
  name: string;
  details_omitted?: true;
  detailsOmitted?: true;
  system_prompt?: string;
  bots?: { bot_id: number; bot_prompt: string }[];
  parameters?: Record<string, unknown>;
}

describe('lists whose items are as large as they may be', () => {
  let app: FeatureApp;
  let ann: string;
  let userId: number;

  beforeAll(async () => {
    app = await startFeatureApp({
      modules: [ShellsModule, ModelsModule, BotsModule, TeamsModule],
      environment: { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN, ENCRYPTION_KEY: KEY, JWT_SECRET: 'x'.repeat(32) },
    });
    const admin = await app.token('admin', ADMIN);
    ann = await app.addUser(admin, 'ann');
    userId = (await app.app.get(UsersService).byName('ann'))?.id ?? 0;
    await app.db.insert(shells).values([
      { userId: null, name: 'Chat', shellType: 'Chat', executionType: 'external_api' },
      { userId: null, name: 'ClaudeCode', shellType: 'ClaudeCode', executionType: 'local_engine' },
    ]);
    const numbers = Array.from({ length: COUNT }, (_, index) => index + 1);
    const box = new SecretBox([KEY]);
    const agentConfig = box.seal(JSON.stringify({ env: { text: 'x'.repeat(60_000) } }));
    const stored = await app.db
      .insert(bots)
      .values(numbers.map((n) => ({ userId, name: `bot-${n}`, shellName: 'Chat', systemPrompt: PROMPT, agentConfig })))
      .returning({ id: bots.id });
    const members = stored.slice(0, 20).map(({ id }) => ({ bot_id: id, bot_prompt: 'p'.repeat(40_000), role: 'r' }));
    await app.db.insert(teams).values(numbers.map((n) => ({ userId, name: `team-${n}`, members })));
    const headers = box.seal(JSON.stringify({ 'X-Long': 'h'.repeat(30_000) }));
    const parameters = { extraBody: { text: 'y'.repeat(30_000) } } as never;
    await app.db.insert(models).values(
      numbers.map((n) => ({
        userId,
        name: `m-${n}`,
        provider: 'openai' as const,
        modelId: 'x',
        headers,
        parameters,
      })),
    );
  });
  afterAll(() => endAll(app));

  async function list(path: string) {
    const { status, text } = await app.send('GET', path, undefined, { authorization: `Bearer ${ann}` });
    const body = JSON.parse(text) as { total?: number; items?: Item[]; data?: Item[] };

    return { status, bytes: Buffer.byteLength(text), total: body.total, items: body.items ?? body.data ?? [] };
  }

  const get = async (path: string) => (await app.call<Item>(`GET ${path}`, { token: ann })).body;

  it('bots: all are listed, the first ones whole', async () => {
    const { status, bytes, total, items } = await list('/bots?limit=100');
    expect([status, total, items.length]).toEqual([200, COUNT, COUNT]);
    expect(bytes).toBeLessThan(MAX_LIST);
    expect(nth(items, 0)).toMatchObject({ name: 'bot-100', system_prompt: PROMPT });
    expect(nth(items, 0)).not.toHaveProperty('details_omitted');
    const last = nth(items, -1);
    expect(last).toMatchObject({ name: 'bot-1', system_prompt: '', agent_config: {}, details_omitted: true });
    expect(await get(`/bots/${last.id}`)).toMatchObject({ system_prompt: PROMPT });
  });

  it('teams: those beyond come without the prompts of their bots', async () => {
    const { bytes, items } = await list('/teams?limit=100');
    expect(items).toHaveLength(COUNT);
    expect(bytes).toBeLessThan(MAX_LIST);
    expect(nth(items, 0).bots).toHaveLength(20);
    expect(nth(items, 0).bots?.[0]?.bot_prompt).toHaveLength(40_000);
    const last = nth(items, -1);
    expect(last).toMatchObject({ name: 'team-1', details_omitted: true });
    expect(last.bots).toHaveLength(20);
    expect(last.bots?.[0]).toMatchObject({ bot_prompt: '', role: 'r', bot: { name: 'bot-1' } });
    expect((await get(`/teams/${last.id}`)).bots?.[0]?.bot_prompt).toHaveLength(40_000);
  });

  it('models: those beyond come without headers and parameters', async () => {
    const { bytes, items } = await list('/models?limit=100');
    expect(items).toHaveLength(COUNT);
    expect(bytes).toBeLessThan(MAX_LIST);
    expect(nth(items, 0).parameters).not.toEqual({});
    expect(nth(items, -1)).toMatchObject({ parameters: {}, headers: {}, detailsOmitted: true });
  });

  it('models with their configurations, as Wegent lists them without pages', async () => {
    const { bytes, items } = await list('/models/unified?include_config=true');
    expect(items).toHaveLength(COUNT);
    expect(bytes).toBeLessThan(MAX_LIST);
  });

  it('a small list is whole', async () => {
    const { items } = await list('/bots?limit=3');
    expect(items.map(({ system_prompt: prompt }) => prompt)).toEqual([PROMPT, PROMPT, PROMPT]);
    expect(JSON.stringify(items)).not.toContain('details_omitted');
  });

  it('limits each user to 500 of a kind', async () => {
    const names = Array.from({ length: MAX_OWNED }, (_, index) => `more-${index}`);
    const shell = { shellType: 'Chat', executionType: 'external_api' as const };
    await app.db.insert(bots).values(names.map((name) => ({ userId, name, shellName: 'Chat' })));
    await app.db.insert(teams).values(names.map((name) => ({ userId, name, members: [] })));
    await app.db
      .insert(models)
      .values(names.map((name) => ({ userId, name, provider: 'openai' as const, modelId: 'x' })));
    await app.db.insert(shells).values(names.map((name) => ({ userId, name, ...shell })));
    const requests = {
      '/bots': { name: 'one-more', shell_name: 'Chat' },
      '/teams': { name: 'one-more', bots: [{ bot_id: (await list('/bots?limit=1')).items[0]?.id }] },
      '/models': { name: 'one-more', provider: 'openai', modelId: 'x', apiKey: 'k' },
      '/shells': { name: 'one-more', baseShellRef: 'ClaudeCode', baseImage: 'docker.io/a/b:1' },
    };
    for (const [path, body] of Object.entries(requests)) {
      const reply = await app.call<ErrorReply>(`POST ${path}`, { token: ann, body });
      expect([path, reply.status, reply.body.code]).toEqual([path, 413, 'storage_quota_exceeded']);
      expect(reply.body.message).toMatch(/at most 500: delete/);
    }
  });
});
