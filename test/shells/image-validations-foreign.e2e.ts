/** Validations of images by a manager like Wegent's, for which each order is another container. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endAll, eventually } from '../support/child.js';
import type { FakeManager } from '../support/executors/executors.js';
import { ImageStage, SUBMITTED } from '../support/stages/image-stage.js';
import type { Stage } from '../support/stages/stage.js';
import type { ImageApi } from '../support/executors/validations.js';

/** Silence of a tenth of it is noticed. */
const TIMEOUT_SECONDS = 40;
const CHECKS = [{ name: 'node', status: 'pass', version: '22.1.0', message: 'node 22.1.0' }];
const GOOD = { status: 'completed', valid: true, checks: CHECKS };

describe('validations of images by a foreign manager', () => {
  let images: ImageStage;
  let stage: Stage;
  let manager: FakeManager;
  let ann: ImageApi;

  beforeAll(async () => {
    images = await ImageStage.start('distributed', TIMEOUT_SECONDS);
    ({ stage, manager, ann } = images);
    manager.answers['load'] = () => ({ status: 200, body: { status: 'success', task_ids: [], containers: [] } });
    manager.answers['validate'] = () => SUBMITTED;
  });

  afterAll(() => endAll(images));

  it('are ordered once, however long the manager takes and whatever time passes', async () => {
    const image = 'ghcr.io/acme/agent:1';
    manager.answers['validate'] = () => ({ ...SUBMITTED, afterMs: 12_000 });
    const id = await ann.validate(image);
    await eventually('it has the order', () => ann.orders(image).length > 0);
    const later = `update image_validations set heard_at = heard_at - interval '10 seconds' where id = $1`;
    const submissions = async () => {
      const text = 'select submissions from image_validations where id = $1';

      return (await stage.postgres.query<{ submissions: number }>(text, [id]))[0]?.submissions ?? 0;
    };
    for (let silences = 2; silences < 5; silences += 1) {
      await stage.postgres.query(later, [id]);
      await eventually('the silence was noticed', async () => (await submissions()) >= silences);
    }
    expect((await ann.status(id)).errorMessage).toContain('has the order');
    await eventually('it has answered', async () => (await ann.status(id)).errorMessage === null);
    await ann.report(id, GOOD);

    expect(await ann.status(id)).toMatchObject({ outcome: 'valid', errorMessage: null });
    expect(ann.orders(image)).toHaveLength(1);
  });

  it('have no verdict by an unreachable registry; the container that is named at the end is deleted', async () => {
    const image = 'ghcr.io/acme/agent:2';
    manager.answers['validate'] = () => SUBMITTED;
    manager.answers['delete'] = () => ({ status: 200, body: { status: 'success' } });
    await ann.shell('far', image);
    const { validation_id: id } = await ann.ordered(image);
    const errorMessage = 'docker: Error response from daemon: dial tcp: lookup ghcr.io on 10.0.0.2:53: no such host.';
    const nulls = { checks: null, errors: null };
    const last = {
      status: 'completed',
      progress: 100,
      valid: false,
      ...nulls,
      errorMessage,
      executor_name: 'wegent-x',
    };
    expect((await ann.report(id, last)).status).toBe(200);

    expect(await ann.status(id)).toMatchObject({
      outcome: 'error',
      errorCode: 'registry_unavailable',
      retryable: true,
    });
    const shown = await ann.shown('far');
    expect(shown).toMatchObject({ state: 'Pending', stateReason: expect.stringContaining('registry') });
    expect(shown.stateReason).not.toContain('10.0.0.2');
    await eventually('it is deleted', () => manager.callsOf('delete', { executor_name: 'wegent-x' }).length > 0);
  });
});
