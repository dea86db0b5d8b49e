import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endAll, temporaryDirectory } from '../support/child.js';
import { sh, splitName, withShell } from '../support/executors/docker-engine.js';
import { ImageRegistry, LOGIN } from '../support/executors/image-registry.js';
import { ManagerStage } from '../support/stages/manager-stage.js';

describe('images of registries', () => {
  let stage: ManagerStage;
  let open: ImageRegistry;
  let closed: ImageRegistry;

  const python = (version: string) => withShell({ 'bin/python3': sh(`echo "Python ${version}"`) });

  beforeAll(async () => {
    [stage, open, closed] = await Promise.all([ManagerStage.start(), ImageRegistry.start(), ImageRegistry.start(true)]);
    for (const [name, login] of [
      [`${open.host}/team/agent:1`, undefined],
      [`${closed.host}/secret:1`, LOGIN],
    ] as const) {
      await stage.docker.addImage(name, python('3.12.4'));
      await stage.docker.push(name, login);
    }
  });

  afterAll(async () => {
    await endAll(stage, open, closed);
  });

  it('pulls an image and tells its digest, by which it can be validated again', async () => {
    const manager = await stage.manager();
    const name = `${open.host}/team/agent`;
    const id = randomUUID();
    await manager.submit(`${name}:1`, 'Agno', id);
    const { valid, digest } = await stage.desk.ended(id);

    expect(valid).toBe(true);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const pulling = stage.desk.reports(id).filter(({ status }) => status === 'pulling_image');
    expect(pulling.at(-1)?.progress).toBe(50);
    await stage.docker.client.getImage(`${name}:1`).remove({ force: true });
    expect(await stage.validate(manager, `${name}@${digest ?? ''}`)).toMatchObject({ valid: true, digest });
    await manager.stop();
  });

  it('looks for a newer image under the same tag when it shall', async () => {
    const [patient, eager] = await Promise.all([stage.manager(), stage.manager({ IMAGE_PULL_POLICY: 'always' })]);
    const name = `${open.host}/moving:1`;
    await stage.docker.addImage(name, python('3.12.0'));
    await stage.docker.push(name);
    const versions: (string | null | undefined)[] = [];
    for (const manager of [patient, patient, eager]) {
      versions.push((await stage.validate(manager, name)).checks?.[0]?.version);
      // Elsewhere, somebody pushes a new one; this engine goes on with what it had.
      if (versions.length === 1) await replaceInRegistry(stage, name);
    }

    expect(versions).toEqual(['3.12.0', '3.12.0', '3.13.0']);
    await Promise.all([patient.stop(), eager.stop()]);
  });

  it('logs in to registries, with a file that may change', async () => {
    const directory = temporaryDirectory('auth');
    const file = join(directory.path, 'config.json');
    const write = (password: string) => {
      const auth = Buffer.from(`${LOGIN.username}:${password}`).toString('base64');
      writeFileSync(file, JSON.stringify({ auths: { [closed.host]: { auth } } }));
    };
    const name = `${closed.host}/secret:1`;
    const [stranger, member] = await Promise.all([stage.manager(), stage.manager({ REGISTRY_AUTH_FILE: file })]);
    const without = await stage.validate(stranger, name);
    write('wrong');
    const wrong = await stage.validate(member, name);
    write(LOGIN.password);
    const right = await stage.validate(member, name);
    rmSync(file);
    const missing = await stage.validate(member, `${closed.host}/other:1`);

    for (const { valid, errors } of [without, wrong]) {
      expect([valid, errors]).toEqual([false, [expect.stringContaining('refuses access')]]);
    }
    expect(right).toMatchObject({ valid: true, checks: [{ version: '3.12.4' }] });
    expect(missing).toMatchObject({ code: 'internal', errorMessage: expect.stringContaining('log-ins') as unknown });
    expect(JSON.stringify(stage.desk.calls)).not.toContain(LOGIN.password);
    await Promise.all([stranger.stop(), member.stop(), directory.remove()]);
  });

  it('tells an image that is not there from a registry that is not there', async () => {
    const manager = await stage.manager();
    const missing = await stage.validate(manager, `${open.host}/team/agent:2`);
    const away = await stage.validate(manager, '127.0.0.1:1/team/agent:1');

    expect(missing).toMatchObject({ valid: false, errors: [expect.stringContaining('was not found') as unknown] });
    expect(away).toMatchObject({ code: 'registry_unavailable' });
    expect(away.valid).toBeUndefined();
    await manager.stop();
  });
});

/** Makes a name mean an image with Python 3.13 in its registry, and what it meant before in the engine. */
async function replaceInRegistry({ docker }: ManagerStage, name: string): Promise<void> {
  const { Id } = await docker.client.getImage(name).inspect();
  await docker.addImage(name, withShell({ 'bin/python3': sh('echo "Python 3.13.0"') }));
  await docker.push(name);
  await docker.client.getImage(Id).tag(splitName(name));
}
