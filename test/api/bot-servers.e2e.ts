import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eq } from 'drizzle-orm';
import { openServers } from '../../src/bots/bot-servers.js';
import { BotServersSealer } from '../../src/bots/bot-servers.sealer.js';
import { BotsModule } from '../../src/bots/bots.module.js';
import { SecretBox } from '../../src/common/secrets/secret-box.js';
import { bots, shells } from '../../src/infra/database/schema/schema.js';
import { ModelsModule } from '../../src/models/models.module.js';
import { ShellsModule } from '../../src/shells/shells.module.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

const SERVERS = { web: { headers: { Cookie: 'session-of-ann-0123' }, args: ['--as', 'ghp_0123456789abcd'] } };
const MASKED = { web: { headers: { Cookie: '***0123' }, args: ['--as', '***abcd'] } };

describe('MCP servers of bots', () => {
  let app: FeatureApp;

  beforeAll(async () => {
    app = await startFeatureApp({ modules: [ShellsModule, ModelsModule, BotsModule] });
    await app.db
      .insert(shells)
      .values([{ userId: null, name: 'ClaudeCode', shellType: 'ClaudeCode', executionType: 'local_engine' }]);
  });
  afterAll(() => endAll(app));

  const add = async (body: object) => {
    const reply = await app.call<{ id: number; mcp_servers: object }>('POST /bots', {
      body: { shell_name: 'ClaudeCode', ...body },
    });

    return reply.body;
  };
  const shown = async (id: number) => (await app.call(`GET /bots/${id}`)).body.mcp_servers;
  const stored = async (id: number) => {
    const [row] = await app.db.select().from(bots).where(eq(bots.id, id));
    if (!row) throw new Error(`there is no bot ${id}`);

    return { text: JSON.stringify(row), servers: openServers(row, app.app.get(SecretBox)) };
  };

  it('are encrypted in the database and masked in replies', async () => {
    const bot = await add({ name: 'new', mcp_servers: SERVERS });
    const { text, servers } = await stored(bot.id);

    expect(bot.mcp_servers).toEqual(MASKED);
    expect(text).not.toMatch(/session-of-ann|ghp_/);
    expect(servers).toEqual(SERVERS);
  });

  it('that an earlier version has stored in clear are read, and encrypted at the next start', async () => {
    const { id } = await add({ name: 'older' });
    await app.db.update(bots).set({ mcpServers: SERVERS }).where(eq(bots.id, id));
    const before = await shown(id);
    await app.app.get(BotServersSealer).onApplicationBootstrap();
    const { text, servers } = await stored(id);

    expect([before, await shown(id)]).toEqual([MASKED, MASKED]);
    expect(text).not.toMatch(/session-of-ann|ghp_/);
    expect(servers).toEqual(SERVERS);
  });
});
