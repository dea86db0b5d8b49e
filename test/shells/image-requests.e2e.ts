import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { endAll, eventually } from '../support/child.js';
import { ImageStage, SUBMITTED } from '../support/stages/image-stage.js';

describe('asking for a validation of an image', () => {
  let images: ImageStage;
  let count = 0;
  /** An image that no other test knows. */
  let image: string;

  beforeAll(async () => {
    images = await ImageStage.start('embedded', 600);
  });

  beforeEach(() => {
    count += 1;
    image = `ghcr.io/acme/agent:${count}`;
  });

  afterAll(() => endAll(images));

  it.each([
    ['is starting', [503, 500, 429], SUBMITTED.body, null, null],
    ['refuses', [400], { detail: 'no such shell' }, 'error', 'manager_refused'],
    ['does not know our token', [401], {}, 'error', 'manager_refused'],
    ['answers nonsense', [200], { hello: 1 }, 'error', 'manager_refused'],
    ['skips it', [200], { status: 'skipped', valid: true }, 'valid', null],
    ['cannot', [200], { status: 'error', message: 'no engine' }, 'error', 'manager_refused'],
  ])('the manager %s', async (_case, statuses, reply, outcome, code) => {
    const left = [...statuses];
    images.manager.answers['validate'] = () => ({ status: left.shift() ?? 200, body: reply });
    const id = await images.ann.validate(image);
    if (outcome === null) {
      await eventually('it was asked again', () => images.ann.orders(image).length > statuses.length);
      await eventually('the trouble is over', async () => (await images.ann.status(id)).errorMessage === null);
      expect((await images.ann.status(id)).outcome).toBeNull();
    } else expect(await images.ann.ended(id)).toMatchObject({ outcome, errorCode: code });
  });

  it.each([
    [{ image: 'ghcr.io/Acme/agent', shellType: 'ClaudeCode' }, 422],
    [{ image: '', shellType: 'ClaudeCode' }, 422],
    [{ image: 'node:22', shellType: 'Cobol' }, 422],
    [{ shellType: 'ClaudeCode' }, 422],
    [{ image: 'node:22', shellType: 'Dify', shellName: null }, 200],
  ])('asked for by %j: %i', async (body, status) => {
    const reply = await images.ann.ask(body);

    expect(reply.status).toBe(status);
    if (status === 200) expect(reply.body).toMatchObject({ status: 'skipped', valid: true, validationId: null });
  });
});
