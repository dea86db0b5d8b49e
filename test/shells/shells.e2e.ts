import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eq } from 'drizzle-orm';
import { BotsModule } from '../../src/bots/bots.module.js';
import { shells } from '../../src/infra/database/schema/schema.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

interface Shell {
  name: string;
  type: string;
  baseImage: string;
  state: string;
  stateReason: string | null;
  [field: string]: unknown;
}

const SHELL = { name: 'my-image', displayName: 'Mine', baseShellRef: 'ClaudeCode', baseImage: 'ghcr.io/acme/agent:1' };

describe('shells', () => {
  let app: FeatureApp;
  let ann: string;
  let ben: string;

  const create = async (change: object = {}, token = ann) =>
    app.call<Shell>('POST /shells', { token, body: { ...SHELL, ...change } });
  const names = async (token: string) =>
    (await app.call<{ data: Shell[] }>('GET /shells/unified', { token })).body.data.map(({ name }) => name);

  beforeAll(async () => {
    app = await startFeatureApp({
      modules: [BotsModule],
      environment: { AUTH_MODE: 'jwt', ADMIN_PASSWORD: 'admin password', SHELL_IMAGE_REGISTRIES: 'ghcr.io, docker.io' },
    });
    const admin = await app.token('admin', 'admin password');
    ann = await app.addUser(admin, 'ann');
    ben = await app.addUser(admin, 'ben');
    await app.db.insert(shells).values([
      { name: 'ClaudeCode', shellType: 'ClaudeCode', executionType: 'local_engine', supportModel: ['claude'] },
      { name: 'Dify', shellType: 'Dify', executionType: 'external_api' },
    ]);
  });
  afterAll(() => endAll(app));

  it('adds a shell, which waits for its validation, in the shape of its base', async () => {
    const { status, body } = await create();

    expect(status).toBe(201);
    expect(body).toEqual({
      name: 'my-image',
      type: 'user',
      displayName: 'Mine',
      shellType: 'ClaudeCode',
      baseImage: 'ghcr.io/acme/agent:1',
      baseShellRef: 'ClaudeCode',
      supportModel: ['claude'],
      executionType: 'local_engine',
      state: 'Pending',
      stateReason: null,
      validation: null,
    });
    expect((await app.call('GET /shells/unified/my-image', { token: ann })).body).toEqual(body);
  });

  it('lists own shells before the public ones, both by name, and nobody else sees them', async () => {
    await create({ name: 'b' });
    await create({ name: 'a-1' });

    expect(await names(ann)).toEqual(['a-1', 'b', 'my-image', 'ClaudeCode', 'Dify']);
    expect(await names(ben)).toEqual(['ClaudeCode', 'Dify']);
    const calls = ['GET /shells/unified/b', 'PUT /shells/b', 'DELETE /shells/b'].map((call) =>
      app.fail(call, { token: ben, ...(call.startsWith('PUT') && { body: {} }) }),
    );
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('keeps the public ones available, and lets nobody change them', async () => {
    const shown = await app.call<Shell>('GET /shells/unified/ClaudeCode?shell_type=public', { token: ann });
    const put = await app.fail('PUT /shells/ClaudeCode', { token: ann, body: { displayName: 'x' } });
    const deleted = await app.fail('DELETE /shells/Dify', { token: ann });

    expect(shown.body).toMatchObject({ state: 'Available', validation: null });
    expect([put.status, put.body.code, deleted.status]).toEqual([403, 'forbidden', 403]);
  });

  it.each([
    ['name', { name: 'My-Image' }, 'lower-case'],
    ['name', { name: '-x' }, 'lower-case'],
    ['name', { name: 'a b' }, 'lower-case'],
    ['name', { name: '' }, ''],
    ['name', { name: 'validation-status' }, 'must not be'],
    ['baseShellRef', { baseShellRef: 'Nope' }, 'there is no public shell "Nope"'],
    ['baseShellRef', { baseShellRef: 'my-image' }, 'there is no public shell'],
    ['baseShellRef', { baseShellRef: 'Dify' }, 'cannot be a base'],
    ['baseImage', { baseImage: 'ghcr.io/Acme/agent' }, 'lower case'],
    ['baseImage', { baseImage: 'https://ghcr.io/acme/agent' }, 'scheme'],
    ['baseImage', { baseImage: 'ghcr.io/acme/agent:' }, 'tag'],
    ['baseImage', { baseImage: 'quay.io/acme/agent' }, 'images may come from: ghcr.io, docker.io'],
    ['baseImage', { baseImage: undefined }, ''],
  ])('refuses a wrong %s: %j', async (field, change, reason) => {
    const { status, body } = await app.fail('POST /shells', {
      token: ann,
      body: { ...SHELL, name: 'wrong', ...change },
    });

    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ field, message: expect.stringContaining(reason) })]),
    );
  });

  it('has a name once per user, until it is deleted', async () => {
    await create({ name: 'once' });
    const twice = await create({ name: 'once' });
    const bens = await create({ name: 'once' }, ben);
    const deleted = await app.call('DELETE /shells/once', { token: ann });
    const gone = await app.fail('DELETE /shells/once', { token: ann });
    const again = await create({ name: 'once' });

    expect([twice.status, bens.status, deleted.status, gone.status, again.status]).toEqual([409, 201, 200, 404, 201]);
  });

  it('waits for its validation again only when it gets another image', async () => {
    const put = async (body: object) => (await app.call<Shell>('PUT /shells/changed', { token: ann, body })).body;
    await create({ name: 'changed', baseImage: 'node:22' });
    await app.db.update(shells).set({ state: 'Available' }).where(eq(shells.name, 'changed'));
    const renamed = await put({ displayName: 'New' });
    const sameImage = await put({ baseImage: 'docker.io/library/node:22', displayName: null });
    const other = await put({ baseImage: 'node:24' });

    expect(renamed).toMatchObject({ state: 'Available', displayName: 'New', baseImage: 'node:22' });
    expect(sameImage).toMatchObject({ state: 'Available', displayName: null, baseImage: 'docker.io/library/node:22' });
    expect(other).toMatchObject({ state: 'Pending', baseImage: 'node:24' });
    expect((await app.fail('PUT /shells/changed', { token: ann, body: { baseImage: 'x:' } })).status).toBe(422);
  });

  it('is deleted under the bots that use it only by force', async () => {
    await create({ name: 'used' });
    for (const name of ['one', 'two']) {
      await app.call('POST /bots', { token: ann, body: { name, shell_name: 'used' } });
    }
    const refused = await app.fail('DELETE /shells/used', { token: ann });
    const strange = await app.fail('DELETE /shells/used?force=maybe', { token: ann });
    const forced = await app.call('DELETE /shells/used?force=true', { token: ann });

    expect([refused.status, refused.body.code, strange.status, forced.status]).toEqual([409, 'conflict', 422, 200]);
    expect(refused.body.message).toContain('bot "one", bot "two"');
    expect((await app.fail('GET /shells/unified/used', { token: ann })).status).toBe(404);
  });
});
