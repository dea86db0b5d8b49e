import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually, temporaryDirectory } from '../support/child.js';
import { type Conch, startConch } from '../support/conch.js';
import { FakeManager, INTERNAL_TOKEN } from '../support/executors.js';
import { ImageApi, SUBMITTED, ValidationStream } from '../support/validations.js';

jest.setTimeout(60_000);

describe('validations of images, when the manager is no help or the server is killed', () => {
  const directory = temporaryDirectory('validations');
  let manager: FakeManager;
  let server: Conch;
  let images: ImageApi;

  async function start() {
    server = await startConch({
      ...{ DATA_DIR: directory.path, SIMULATOR: 'off', INTERNAL_API_TOKEN: INTERNAL_TOKEN },
      // Some seconds of silence, and it asks again.
      ...{ EXECUTOR_MANAGER_URL: manager.url, IMAGE_VALIDATION_TIMEOUT_SECONDS: '40' },
    });
    images = new ImageApi(server.api, manager);
  }

  beforeAll(async () => {
    manager = await FakeManager.start();
    await start();
  });

  afterAll(async () => {
    await server.stop();
    await manager.close();
    await directory.remove();
  });

  it.each([
    ['is starting', [503, 500, 429], SUBMITTED.body, null, null],
    ['refuses', [400], { detail: 'no such shell' }, 'error', 'manager_refused'],
    ['does not know our token', [401], {}, 'error', 'manager_refused'],
    ['answers nonsense', [200], { hello: 1 }, 'error', 'manager_refused'],
    ['skips it', [200], { status: 'skipped', valid: true }, 'valid', null],
    ['cannot', [200], { status: 'error', message: 'no engine' }, 'error', 'manager_refused'],
  ])('the manager %s', async (name, statuses, reply, outcome, code) => {
    const image = `docker.io/acme/${name.replaceAll(/\W/g, '-')}:1`;
    const left = [...statuses];
    manager.answers['validate'] = () => ({ status: left.shift() ?? 200, body: reply });
    const id = await images.validate(image);
    if (outcome === null) {
      await eventually('it was asked again', () => images.orders(image).length > statuses.length);
      await eventually('the trouble is over', async () => (await images.status(id)).errorMessage === null);
      expect((await images.status(id)).outcome).toBeNull();
    } else expect(await images.ended(id)).toMatchObject({ outcome, errorCode: code });
  });

  it('what runs keeps its stage and ends by a later report; what the manager has not taken is given to it', async () => {
    const [running, waiting] = ['docker.io/acme/running:1', 'docker.io/acme/waiting:1'];
    manager.answers['validate'] = ({ image }) => (image === running ? SUBMITTED : { status: 503, body: {} });
    await images.shell('running', running);
    await images.shell('waiting', waiting);
    const { validation_id: id } = await images.ordered(running);
    const { validation_id: waitingId } = await images.ordered(waiting);
    await images.report(id, { status: 'pulling_image', progress: 33 });
    const before = await ValidationStream.open(server, id, {});
    await before.until(({ data }) => data.progress === 33);
    await server.kill();
    await before.untilClosed();
    const asked = images.orders(waiting).length;
    manager.answers['validate'] = () => SUBMITTED;
    await start();
    const after = await ValidationStream.open(server, id, {}, before.lastId);
    const kept = await images.status(id);
    await images.report(id, { status: 'running_checks', progress: 75 });
    await images.report(id, { status: 'completed', valid: true });
    await after.untilClosed();
    await eventually('it is given to the manager', () => images.orders(waiting).length > asked);
    await images.report(waitingId, { status: 'completed', valid: false, errors: ['no shell in the image'] });

    expect(kept).toMatchObject({ status: 'pulling_image', progress: 33 });
    expect(after.events.map(({ data }) => data.status)).not.toContain('submitted');
    expect(after.last?.data).toMatchObject({ status: 'completed', outcome: 'valid' });
    expect((await images.shown('running')).state).toBe('Available');
    expect(await images.shown('waiting')).toMatchObject({
      ...{ state: 'Unavailable', stateReason: 'no shell in the image' },
      validation: { validationId: waitingId },
    });
  });
});
