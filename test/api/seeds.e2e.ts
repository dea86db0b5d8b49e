import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bots, models, shells, teams } from '../../src/infra/database/schema/schema.js';
import { ModelsService } from '../../src/models/models.service.js';
import { SeedsModule } from '../../src/seeds/seeds.module.js';
import { SeedsService } from '../../src/seeds/seeds.service.js';
import { TeamsService } from '../../src/teams/teams.service.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

const SIMULATOR_URL = 'http://127.0.0.1:9';

describe('the seeds of the project', () => {
  let directory: string;
  let app: FeatureApp;

  const load = (variables = {}) => app.app.get(SeedsService).load({ SIMULATOR_URL, ...variables });
  const rows = async () => {
    const all = await Promise.all([shells, models, bots, teams].map((table) => app.db.select().from(table)));

    return all.flat().map(({ id, name, isActive }) => ({ id, name, isActive }));
  };
  const activeNames = async () => (await rows()).filter(({ isActive }) => isActive).map(({ name }) => name);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'conch-seeds-'));
    await cp('seeds', directory, { recursive: true });
    app = await startFeatureApp({
      modules: [SeedsModule],
      environment: { SEEDS_DIR: directory },
      simulatorUrl: SIMULATOR_URL,
    });
  });
  afterEach(async () => {
    await Promise.all(['extra.yaml', 'extra2.yml'].map((name) => rm(join(directory, name), { force: true })));
    await load();
  });
  afterAll(async () => {
    await endAll(app);
    await rm(directory, { recursive: true });
  });

  it('are loaded at the start: four shells, and teams that the simulator answers', async () => {
    const names = await activeNames();
    const team = await app.app.get(TeamsService).resolve(1, { name: 'demo-team' });

    expect(names).toEqual(expect.arrayContaining(['ClaudeCode', 'Agno', 'Dify', 'Chat', 'demo-openai-team']));
    expect(names.filter((name) => /^(claude|gpt|openai)/.test(name))).toEqual([]);
    expect(team.members).toEqual([
      expect.objectContaining({
        name: 'demo-bot',
        shellType: 'Chat',
        executionType: 'external_api',
        model: {
          name: 'simulator-claude',
          provider: 'claude',
          modelId: 'sim',
          baseUrl: `${SIMULATOR_URL}/claude`,
          apiKey: 'simulator',
          headers: {},
          parameters: {},
        },
      }),
    ]);
    await expect(app.app.get(ModelsService).settings(null, 'simulator-openai')).resolves.toMatchObject({
      provider: 'openai',
      baseUrl: `${SIMULATOR_URL}/openai/v1`,
    });
  });

  it('change nothing when they are loaded again, even twice at once', async () => {
    const before = await rows();
    const [key] = await app.db.select({ apiKey: models.apiKey }).from(models);
    await Promise.all([load(), load()]);
    const [sameKey] = await app.db.select({ apiKey: models.apiKey }).from(models);
    const byId = (list: typeof before) => list.map((row) => JSON.stringify(row)).sort();

    expect(byId(await rows())).toEqual(byId(before));
    expect(sameKey).toEqual(key);
  });

  it('follow the keys that are set, and keep the ids', async () => {
    await load({ ANTHROPIC_API_KEY: 'sk-ant-1', OPENAI_API_KEY: 'sk-oai-1' });
    const withKeys = await rows();
    const settings = await app.app.get(ModelsService).settings(null, 'claude-sonnet-4-5');
    await load({ SIMULATOR_URL: undefined });
    const without = await activeNames();
    await load({ ANTHROPIC_API_KEY: 'sk-ant-2', OPENAI_API_KEY: 'sk-oai-1' });
    const again = await rows();
    const changed = await app.app.get(ModelsService).settings(null, 'claude-sonnet-4-5');

    expect(withKeys.map(({ name }) => name)).toEqual(expect.arrayContaining(['claude-team', 'openai-team', 'gpt-5']));
    expect(settings).toMatchObject({ apiKey: 'sk-ant-1', baseUrl: null, parameters: { maxTokens: 16000 } });
    expect(without.sort()).toEqual(['Agno', 'Chat', 'ClaudeCode', 'Dify']);
    expect(new Set(again.map((row) => JSON.stringify(row)))).toEqual(
      new Set(withKeys.map((row) => JSON.stringify(row))),
    );
    expect(changed?.apiKey).toBe('sk-ant-2');
  });

  it('hide what vanished from callers', async () => {
    const shown = await app.call<{ items: { id: number; name: string }[] }>('GET /teams');
    const demo = shown.body.items.find(({ name }) => name === 'demo-team');
    await load({ SIMULATOR_URL: undefined });
    const { status } = await app.fail(`GET /teams/${demo?.id}`);

    expect(demo).toBeDefined();
    expect(status).toBe(404);
  });

  it('report every problem at once with file, document, field and line, and store nothing then', async () => {
    const before = await rows();
    const head = 'apiVersion: agent.wecode.io/v1\n';
    await writeFile(
      join(directory, 'extra.yaml'),
      [
        `${head}kind: Bot\nmetadata: {name: b}\nspec:\n  ghostRef: {name: demo-ghost}\n  shellRef: {name: Chatt}\n`,
        `${head}kind: Team\nmetadata: {name: t}\nspec:\n  collaborationModel: solo\n  members:\n    - botRef: {name: claude-bot}\n`,
      ].join('---\n'),
    );
    await writeFile(join(directory, 'extra2.yml'), 'kind: Bot\n  name: [');
    const error = await load().then(
      () => null,
      (reason: unknown) => (reason as Error).message,
    );
    const name = directory.split('/').at(-1) ?? '';

    expect(error).toContain(`${name}/extra.yaml, document 1 (Bot b): spec.shellRef.name: no Shell "Chatt" (line 6)`);
    expect(error).toContain(
      `${name}/extra.yaml, document 2 (Team t): spec.members.0.botRef.name: no Bot "claude-bot" ` +
        `(${name}/claude.yaml is not loaded: ANTHROPIC_API_KEY not set) (line 14)`,
    );
    expect(error).toMatch(new RegExp(`${name}/extra2.yml: .* \\(line \\d, column \\d+\\)`));
    expect(await rows()).toEqual(before);
  });
});
