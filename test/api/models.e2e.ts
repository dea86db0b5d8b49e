import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SecretBox } from '../../src/common/secrets/secret-box.js';
import { models } from '../../src/infra/database/schema/schema.js';
import { ModelsModule } from '../../src/models/models.module.js';
import { ModelsService } from '../../src/models/models.service.js';
import { UsersService } from '../../src/auth/users/users.service.js';
import type { OpenDatabase } from '../../src/infra/database/database.js';
import { endAll } from '../support/child.js';
import { openTestDatabase } from '../support/stores/database.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

const ADMIN = 'the admin password';
const OLD_KEY = '11'.repeat(32);
const NEW_KEY = '22'.repeat(32);
const KEY = 'sk-ant-secret-0123456789';
const environment = { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN, JWT_SECRET: 'x'.repeat(32), ENCRYPTION_KEY: OLD_KEY };
const CLAUDE = {
  name: 'mine',
  displayName: 'My Claude',
  provider: 'claude',
  modelId: 'claude-sonnet-4-5',
  baseUrl: 'https://api.example.org',
  apiKey: KEY,
  headers: { 'X-Team': 'docs', Authorization: 'Bearer abcdefghij' },
  parameters: { maxTokens: 1000 },
};

interface Model {
  name: string;
  type: string;
  apiKey: string | null;
  headers: Record<string, string>;
  modelId: string;
}

describe('models', () => {
  let database: OpenDatabase;
  let app: FeatureApp;
  let ann: string;
  let ben: string;
  let annId: number;

  const settings = (name: string, userId = annId) => app.app.get(ModelsService).settings(userId, name);

  beforeAll(async () => {
    database = await openTestDatabase();
    app = await startFeatureApp({ modules: [ModelsModule], environment, database });
    const admin = await app.token('admin', ADMIN);
    ann = await app.addUser(admin, 'ann');
    ben = await app.addUser(admin, 'ben');
    annId = (await app.app.get(UsersService).byName('ann'))?.id ?? 0;
    await app.call('POST /models', { token: ann, body: CLAUDE });
    const box = new SecretBox([OLD_KEY]);
    await database.db.insert(models).values([
      {
        userId: null,
        name: 'public-openai',
        provider: 'openai',
        modelId: 'gpt-x',
        apiKey: box.seal('sk-operator-0123456789'),
      },
      { userId: null, name: 'mine', provider: 'openai', modelId: 'the-public-one' },
      { userId: null, name: 'gone', provider: 'openai', modelId: 'gpt-x', isActive: false },
    ]);
  });
  afterAll(async () => {
    await endAll(app, database);
  });

  it('shows the owner the model with masked secrets', async () => {
    const { status, body } = await app.call<Model>('GET /models/mine', { token: ann });

    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...CLAUDE,
      type: 'user',
      apiKey: '***6789',
      headers: { 'X-Team': 'docs', Authorization: '***ghij' },
      isActive: true,
    });
  });

  it('stores secrets encrypted only', async () => {
    const rows = await database.db.select().from(models);

    expect(JSON.stringify(rows)).not.toMatch(/sk-ant-secret|abcdefghij/);
  });

  it('hands the owner a model ready to be called, and prefers the own one to the public one of the same name', async () => {
    await expect(settings('mine')).resolves.toEqual({
      name: 'mine',
      provider: 'claude',
      modelId: 'claude-sonnet-4-5',
      baseUrl: 'https://api.example.org',
      apiKey: KEY,
      headers: { 'X-Team': 'docs', Authorization: 'Bearer abcdefghij' },
      parameters: { maxTokens: 1000 },
    });
    await expect(settings('mine', annId + 1)).resolves.toMatchObject({ modelId: 'the-public-one' });
    await expect(app.app.get(ModelsService).settings(null, 'mine')).resolves.toMatchObject({
      modelId: 'the-public-one',
    });
    await expect(settings('gone')).resolves.toBeNull();
  });

  it('keeps the stored secrets when masked ones are sent back', async () => {
    await app.call('POST /models', { token: ann, body: { ...CLAUDE, name: 'edited' } });
    const shown = await app.call<Model>('GET /models/edited', { token: ann });
    const { apiKey, headers } = shown.body;
    const changed = await app.call<Model>('PUT /models/edited', {
      token: ann,
      body: { modelId: 'claude-opus-4-5', apiKey, headers: { ...headers, 'X-New': '1' } },
    });

    expect(changed.body).toMatchObject({ modelId: 'claude-opus-4-5', apiKey: '***6789' });
    await expect(settings('edited')).resolves.toMatchObject({
      apiKey: KEY,
      headers: { ...CLAUDE.headers, 'X-New': '1' },
    });
  });

  it('replaces and removes secrets', async () => {
    await app.call('POST /models', { token: ann, body: { ...CLAUDE, name: 'replaced' } });
    await app.call('PUT /models/replaced', { token: ann, body: { apiKey: 'sk-another-key-42' } });
    await expect(settings('replaced')).resolves.toMatchObject({ apiKey: 'sk-another-key-42', headers: CLAUDE.headers });
    await app.call('PUT /models/replaced', { token: ann, body: { apiKey: null, headers: null } });
    await expect(settings('replaced')).resolves.toMatchObject({ apiKey: null, headers: {} });
  });

  it("does not know another user's model", async () => {
    await app.call('POST /models', { token: ann, body: { ...CLAUDE, name: 'only-ann' } });
    const calls = ['GET', 'PUT', 'DELETE'].map((method) =>
      app.fail(`${method} /models/only-ann`, { token: ben, ...(method === 'PUT' && { body: {} }) }),
    );
    const list = await app.call<{ items: Model[] }>('GET /models?limit=100', { token: ben });

    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(list.body.items.map(({ name, type }) => `${type} ${name}`).sort()).toEqual([
      'public mine',
      'public public-openai',
    ]);
  });

  it('does not let users change public models, nor see the end of their keys', async () => {
    const shown = await app.call<Model>('GET /models/public-openai', { token: ben });
    const put = await app.fail('PUT /models/public-openai', { token: ben, body: { modelId: 'x' } });
    const deleted = await app.fail('DELETE /models/public-openai', { token: ben });

    expect(shown.body).toMatchObject({ type: 'public', apiKey: '***' });
    expect([put.status, put.body.code, deleted.status]).toEqual([403, 'forbidden', 403]);
    expect(put.body.message).toContain('public');
  });

  it('refuses a second model of the same name, and knows nothing of a deleted one', async () => {
    await app.call('POST /models', { token: ben, body: { ...CLAUDE, name: 'twice' } });
    const second = await app.fail('POST /models', { token: ben, body: { ...CLAUDE, name: 'twice' } });
    await app.call('DELETE /models/twice', { token: ben });
    const gone = await app.fail('GET /models/twice', { token: ben });
    const again = await app.call('POST /models', { token: ben, body: { ...CLAUDE, name: 'twice' } });

    expect([second.status, second.body.code]).toEqual([409, 'conflict']);
    expect([gone.status, again.status]).toEqual([404, 201]);
  });

  it.each([
    ['name', { name: '-x' }],
    ['name', { name: 'unified' }],
    ['provider', { provider: 'gemini' }],
    ['modelId', { modelId: 7 }],
    ['modelId', { modelId: '' }],
    ['baseUrl', { baseUrl: 'ftp://x' }],
    ['baseUrl', { baseUrl: 'http://user:pass@x' }],
    ['apiKey', { apiKey: 'two words' }],
    ['headers.X-A', { headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['headers.Bad Name', { headers: { 'Bad Name': 'a' } }],
    ['headers.Content-Length', { headers: { 'Content-Length': '5' } }],
    ['headers', { headers: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`X-${index}`, 'a'])) }],
    ['headers', { headers: [] }],
    ['parameters.maxTokens', { parameters: { maxTokens: '5' } }],
    ['parameters.temperature', { parameters: { temperature: 3 } }],
    ['parameters.max_tokens', { parameters: { max_tokens: 5 } }],
    ['parameters.stop', { parameters: { stop: 'a' } }],
    ['isActive', { isActive: 'yes' }],
    ['unknown', { unknown: 1 }],
    ['parameters.extraBody.a.0', { parameters: { extraBody: { a: ['\u0000'] } } }],
  ])('refuses a wrong %s', async (field, change) => {
    const { status, body } = await app.fail('POST /models', {
      token: ann,
      body: { ...CLAUDE, name: 'wrong', ...change },
    });

    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors?.map((problem) => problem.field)).toContain(field);
  });

  it('tells the known parameters', async () => {
    const { body } = await app.fail('PUT /models/mine', { token: ann, body: { parameters: { max_tokens: 5 } } });

    expect(body.message).toContain('known are maxTokens, temperature');
  });

  it('refuses to rename, and null where there must be a value', async () => {
    const renamed = await app.fail('PUT /models/mine', { token: ann, body: { name: 'other' } });
    const nulled = await app.fail('PUT /models/mine', { token: ann, body: { modelId: null } });

    expect([renamed.status, nulled.status]).toEqual([422, 422]);
  });

  it('lists models as Wegent does', async () => {
    type Unified = { data: { name: string; type: string; config?: { env: Record<string, string> } }[] };
    const all = await app.call<Unified>('GET /models/unified?include_config=true', { token: ben });
    const forClaudeCode = await app.call<Unified>('GET /models/unified?shell_type=ClaudeCode', { token: ann });
    const one = await app.call('GET /models/unified/mine?model_type=public', { token: ann });
    const wrong = await app.fail('GET /models/unified/mine?model_type=other', { token: ann });

    expect(all.body.data.find(({ name }) => name === 'public-openai')).toEqual({
      name: 'public-openai',
      type: 'public',
      displayName: null,
      provider: 'openai',
      modelId: 'gpt-x',
      config: { env: { model: 'openai', model_id: 'gpt-x', api_key: '***', base_url: '' } },
      isActive: true,
    });
    expect(forClaudeCode.body.data.map(({ name }) => name)).not.toContain('public-openai');
    expect(forClaudeCode.body.data[0]).not.toHaveProperty('config');
    expect(one.body).toMatchObject({ type: 'public', modelId: 'the-public-one' });
    expect(wrong.status).toBe(422);
  });

  it.each(['page=0', 'limit=101', 'limit=0', 'page=abc', 'page=1&page=2', 'limit=1.5'])(
    'refuses a list with ?%s',
    async (query) => {
      const { status } = await app.fail(`GET /models?${query}`, { token: ann });

      expect(status).toBe(422);
    },
  );

  describe('after the encryption key was changed', () => {
    it('reads what the old key encrypted while it is still given, and encrypts with the new one', async () => {
      const rotated = await startFeatureApp({
        modules: [ModelsModule],
        environment: { ...environment, ENCRYPTION_KEY: `${NEW_KEY},${OLD_KEY}` },
        database,
      });
      const service = rotated.app.get(ModelsService);
      const before = await service.settings(annId, 'mine');
      await rotated.call('PUT /models/mine', { token: ann, body: { apiKey: 'sk-new-key-0123' } });
      const [row] = (await database.db.select().from(models)).filter(
        ({ userId, name }) => userId === annId && name === 'mine',
      );
      await rotated.close();

      expect(before?.apiKey).toBe(KEY);
      expect(new SecretBox([NEW_KEY]).open(row?.apiKey ?? '')).toBe('sk-new-key-0123');
    });

    it('says so when the old key is missing, and still lists the model', async () => {
      const without = await startFeatureApp({
        modules: [ModelsModule],
        environment: { ...environment, DATABASE_URL: 'postgres://not-used', ENCRYPTION_KEY: NEW_KEY },
        database,
      });
      const service = without.app.get(ModelsService);
      const shown = await without.call<Model>('GET /models/edited', { token: ann });
      await expect(service.settings(annId, 'edited')).rejects.toMatchObject({
        code: 'model_not_configured',
        message: expect.stringMatching(/"edited".*not in ENCRYPTION_KEY/),
      });
      await without.close();

      expect(shown.body).toMatchObject({ apiKey: '***', headers: {} });
    });
  });
});
