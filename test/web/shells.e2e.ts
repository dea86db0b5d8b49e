import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { endAll, eventually } from '../support/child.js';
import { add } from '../support/content/teams.js';
import { ImageStage, PASSWORD, SUBMITTED } from '../support/stages/image-stage.js';
import { signIn } from '../support/web/sign-in.js';
import type { ImageApi } from '../support/executors/validations.js';
import { WebSuite } from '../support/web/web-suite.js';

/** Longer than any of these tests. */
const TIMEOUT_SECONDS = 600;
const NODE = { name: 'node', status: 'pass', version: '22.1.0', message: 'new enough' } as const;
const PYTHON = {
  ...{ name: 'python3', status: 'fail', version: '3.9.2', message: '3.9.2, at least 3.12 wanted' },
  hint: 'Install python3.12 in the image.',
} as const;
const DIGEST = `sha256:${'0a'.repeat(32)}`;

describe('shells on the page', () => {
  let images: ImageStage;
  let ann: ImageApi;
  let page: Page;
  let dialog: Locator;
  const suite = new WebSuite({
    start: async () => {
      images = await ImageStage.start('embedded', TIMEOUT_SECONDS);
      // It takes orders, and the tests report in its name.
      images.manager.answers['validate'] = () => SUBMITTED;
      ({ ann } = images);

      return images.stage;
    },
    stop: () => endAll(images),
    expectedErrors: /the server responded with a status of 4\d\d/,
  });

  beforeEach(async () => {
    page = await suite.reader.open('/shells?open=new');
    await signIn(page, 'ann', PASSWORD);
    dialog = page.getByRole('dialog');
    await dialog.waitFor();
  });

  const inDialog = (name: string) => dialog.getByRole('button', { name, exact: true });
  const stage = (name: string) => dialog.getByRole('list', { name: 'Stages' }).getByText(name);
  const untilStage = (name: string) => stage(name).and(dialog.locator('[aria-current=step]')).waitFor();

  /** Fills in the form, asks for a validation, and waits until the manager has its order. @returns its id */
  async function validate(name: string, image: string): Promise<string> {
    const { length } = ann.orders(image);
    if (await dialog.getByLabel('Name').isEnabled()) await dialog.getByLabel('Name').fill(name);
    await dialog.getByLabel('Image').fill(image);
    await inDialog('Validate').click();

    return eventually('the manager is asked', () => ann.orders(image)[length]?.validation_id);
  }

  it('saves an image when this very image has passed, stage by stage', async () => {
    await dialog.getByLabel('Image').fill('ghcr.io/Acme/agent:1');
    await dialog.getByText('Character 9: “A” must be lower case.').waitFor();
    expect(await inDialog('Validate').isDisabled()).toBe(true);
    const id = await validate('good', 'ghcr.io/acme/agent:1');
    await untilStage('Submitted');
    expect(await inDialog('Save').isDisabled()).toBe(true);
    for (const [status, name, more] of [
      ['pulling_image', 'Pulling', { progress: 35, digest: DIGEST }],
      ['starting_container', 'Starting', {}],
      ['running_checks', 'Checks', { progress: 80, checks: [NODE] }],
    ] as const) {
      await ann.report(id, { status, ...more });
      await untilStage(name);
    }
    await dialog.getByText('new enough').waitFor();
    expect(await inDialog('Save').isDisabled()).toBe(true);
    await ann.report(id, { status: 'completed', valid: true, checks: [NODE], logTail: 'all is well' });
    await dialog.getByText('Every check has passed: the image can be used.').waitFor();
    await dialog.getByText('End of the log').click();
    await dialog.getByText('all is well').waitFor();
    await dialog.getByLabel('Image').fill('ghcr.io/acme/agent:2');
    await dialog.getByText('Can be saved once this image has passed.').waitFor();
    expect(await inDialog('Save').isDisabled()).toBe(true);
    await dialog.getByLabel('Image').fill('ghcr.io/acme/agent:1');
    await inDialog('Save').click();
    await dialog.waitFor({ state: 'detached' });
    const row = page.getByRole('table', { name: 'My shells' }).getByRole('row').filter({ hasText: 'good' });
    await row.getByText('Available').waitFor();
    await row.getByText(DIGEST.slice(0, 19)).waitFor();
  });

  it('says why an image cannot be used, and how to mend it', async () => {
    const image = 'ghcr.io/acme/old-python:1';
    const id = await validate('mended', image);
    await ann.report(id, { status: 'running_checks', checks: [NODE, PYTHON] });
    await dialog.getByText(PYTHON.hint).waitFor();
    const errors = ['python3 3.9.2 is too old'];
    await ann.report(id, { status: 'completed', valid: false, checks: [NODE, PYTHON], errors });
    await dialog.getByText('The image cannot be used as it is.').waitFor();
    await dialog.getByText('python3 3.9.2 is too old').waitFor();
    expect(await inDialog('Save').isDisabled()).toBe(true);

    const again = await validate('mended', image);
    expect(again).not.toBe(id);
    await ann.report(again, { status: 'pulling_image', progress: 10 });
    await untilStage('Pulling');
    await inDialog('Cancel the validation').click();
    await dialog.getByText('It was cancelled: there is no verdict.').waitFor();
    expect(await inDialog('Save').isDisabled()).toBe(true);
  });

  it('shows earlier validations, and who works in a shell before it is deleted', async () => {
    const image = 'ghcr.io/acme/kept:1';
    await ann.shell('kept', image);
    const { validation_id: first } = await ann.ordered(image);
    await ann.report(first, { status: 'completed', valid: true, checks: [NODE] });
    await ann.ended(first);
    await add(ann.api, '/bots', { name: 'worker-in-kept', shell_name: 'kept', agent_config: {} });
    await page.goto(`${suite.stage.server(0).url}/shells?open=kept`);
    await page.getByRole('dialog', { name: 'Change kept' }).waitFor();
    expect(await dialog.getByLabel('Image').inputValue()).toBe(image);
    await dialog.getByText('The image is unchanged.').waitFor();
    const history = dialog.getByRole('region', { name: 'Validations' });
    await history.getByRole('button').first().click();
    await history.getByText('new enough').waitFor();
    await inDialog('Cancel').click();
    await page.getByRole('button', { name: 'Delete kept' }).click();
    await page.getByRole('dialog').getByText('worker-in-kept').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete kept' }).waitFor({ state: 'detached' });
  });
});
