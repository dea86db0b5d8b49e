import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endAll, eventually, temporaryDirectory } from '../support/child.js';
import { Conch } from '../support/conch.js';
import { FakeManager, INTERNAL_TOKEN } from '../support/executors/executors.js';
import { ImageApi, ValidationStream } from '../support/executors/validations.js';

const SUBMITTED = { status: 200, body: { status: 'submitted', message: 'ok' } };

describe('validations of images, when the server is killed', () => {
  const directory = temporaryDirectory('validations');
  let manager: FakeManager;
  let server: Conch;
  let images: ImageApi;

  async function start() {
    server = await Conch.start({
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
    await endAll(server, manager);
    await directory.remove();
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
