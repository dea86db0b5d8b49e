import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { started } from '../support/api.js';
import { ChatTab, wordsUpTo } from '../support/web/chat-tab.js';
import { eventually } from '../support/child.js';
import { untilTask } from '../support/executors/executors.js';
import { TEST_KEY } from '../support/content/models.js';
import { script } from '../support/stages/stage.js';
import { WebSuite } from '../support/web/web-suite.js';

describe('the places around the chat', () => {
  const suite = new WebSuite({ expectedErrors: /the server responded with a status of 4\d\d/ });
  let page: Page;

  beforeEach(async () => {
    page = await suite.reader.newTab();
  });

  const open = (path: string) => page.goto(suite.stage.server(0).url + path);
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const option = (name: string) => page.getByRole('option', { name });

  /** Asks a question that the page does not see. */
  async function ask(text: string, words: string): Promise<number> {
    return (await started(await suite.stage.api.ask(script(text, words)))).taskId;
  }

  it('connects a model and tests it, makes a team of it, and asks the team', async () => {
    await open('/models');
    await button('Add a model').first().click();
    const dialog = page.getByRole('dialog', { name: 'Add a model' });
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('tides');
    await dialog.getByLabel('Base URL').fill(`${suite.stage.simulator.url}/openai/v1`);
    await dialog.getByLabel('Model id').fill('sim:tokens=4,rate=0');
    await dialog.getByRole('textbox', { name: 'API key' }).fill('bad-key');
    await dialog.getByRole('button', { name: 'Test the connection' }).click();
    await dialog
      .getByRole('status')
      .getByText(/\(after /)
      .waitFor();
    await dialog.getByRole('textbox', { name: 'API key' }).fill(TEST_KEY);
    await dialog.getByText(/\(after /).waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Test the connection' }).click();
    await dialog.getByText(/^It answers, after /).waitFor();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const row = page.getByRole('table', { name: 'My models' }).getByRole('row').filter({ hasText: 'tides' });
    await row.getByText('…6789').waitFor();

    await page.getByRole('link', { name: 'Teams' }).click();
    await button('New team').first().click();
    const team = page.getByRole('dialog', { name: 'New team' });
    await team.getByRole('textbox', { name: 'Name' }).fill('Harbour office');
    await team.getByRole('combobox', { name: 'Model' }).click();
    await option('tides').click();
    await team.getByRole('textbox', { name: 'Instructions' }).fill('You know the tides.');
    await team.getByRole('button', { name: 'Create and chat' }).click();
    const tab = await ChatTab.of(page);
    const asked = page.getByRole('combobox', { name: 'Team' });
    await eventually('the new team is chosen', async () => (await asked.inputValue()) === 'Harbour office');
    await tab.ask('When is high water?');
    await tab.untilWords(wordsUpTo(4));
    await tab.answer.getByText('Harbour office').waitFor();
    expect(JSON.stringify(suite.stage.simulator.requests.at(-1)?.body)).toContain('You know the tides.');

    await open('/teams');
    const mine = page.getByRole('list', { name: 'My teams' });
    await mine.getByRole('button', { name: 'Delete Harbour office' }).click();
    const confirm = page.getByRole('dialog', { name: 'Delete Harbour office' });
    await confirm.getByText(/One conversation belongs to it/).waitFor();
    await confirm.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Make a team of your own').waitFor();
  });

  it('explains where a task is, and does what helps', async () => {
    const diagnosis = page.getByRole('region', { name: 'Diagnosis' });
    const stuck = await ask('case=hang-before-headers', 'Stuck');
    await open(`/tasks/${stuck}`);
    await diagnosis.getByText('It goes on by itself.').waitFor();
    await diagnosis
      .getByText(/^The model has not begun to answer for|^It runs on the server/)
      .first()
      .waitFor();
    await diagnosis.getByText('Answers · running').waitFor();
    await diagnosis.getByRole('button', { name: 'Stop' }).click();
    await diagnosis.getByText('It has ended: nothing is to be done.').waitFor();
    await page.getByText('Stopped').first().waitFor();

    const failed = await ask('case=auth times=1 key=fails-once tokens=2 rate=0', 'Fails once');
    await untilTask(suite.stage.api, failed, 'FAILED');
    await open(`/tasks/${failed}`);
    await diagnosis.getByText('It failed and can be tried again.').waitFor();
    await diagnosis.getByRole('button', { name: 'Try again' }).click();
    await diagnosis.getByText('It has ended: nothing is to be done.').waitFor();
    await page.getByRole('tab', { name: 'Result' }).click();
    await page.getByText(wordsUpTo(2)).waitFor();

    const { body: teams } = await suite.stage.api.get<{ items: { id: number; name: string }[] }>('/teams?limit=100');
    const team = teams.items.find(({ name }) => name === 'demo-team');
    const unasked = await suite.stage.api.post<{ id: number }>('/tasks/create', {
      ...{ prompt: script('tokens=2 rate=0', 'Unasked'), team_id: team?.id },
    });
    await open(`/tasks/${unasked.body.id}`);
    await diagnosis.getByText(/Nobody has asked for the answer yet/).waitFor();
    await diagnosis.getByRole('link', { name: 'Open the chat' }).click();
    await page.waitForURL(`**/chat/${unasked.body.id}`);
    await button('Ask for it').click();
    await (await ChatTab.of(page)).untilWords(wordsUpTo(2));
  });

  it('tells in the chat why an answer waits, in words', async () => {
    const reader = await suite.newReader();
    await reader.context.clock.install();
    const tab = await suite.openChat(`/chat/${await ask('case=hang-after-delta', 'Silent')}`, reader);
    await tab.untilWords(wordsUpTo(3));
    await tab.page.clock.fastForward(35_000);
    await tab.answer.getByRole('button', { name: 'Why?' }).click();
    const why = tab.page.getByRole('region', { name: 'Why does it wait?' });
    await why.getByText('It goes on by itself').waitFor();
    expect(await why.innerText()).not.toMatch(/provider_\w+/);
    await tab.stop();
    await tab.says(/^Stopped/);
  });

  it('narrows the table of tasks, keeps that in the address, and follows what happens', async () => {
    await suite.stage.api.turn(script('tokens=1 rate=0', 'An apple'));
    await suite.stage.api.turn(script('case=auth', 'A pear'));
    await open('/tasks');
    const table = page.getByRole('table', { name: 'Tasks' });
    const row = (title: string) => table.getByRole('row').filter({ hasText: title });
    await row('An apple').getByText('Completed').waitFor();
    await row('A pear').getByText('Failed').waitFor();
    await page.getByRole('combobox', { name: 'Status' }).click();
    await option('Failed').click();
    await row('An apple').waitFor({ state: 'detached' });
    await page.reload();
    await row('A pear').waitFor();
    expect(await row('An apple').count()).toBe(0);
    await page.getByRole('searchbox', { name: 'Search titles' }).fill('apple');
    await page.getByText('No task matches').waitFor();
    await page.getByRole('link', { name: 'Show all' }).click();
    await row('An apple').waitFor();
    expect(new URL(page.url()).search).toBe('');

    suite.stage.simulator.holdAt(1);
    const id = await ask('tokens=3 rate=500', 'A plum');
    await row('A plum').getByText('Running').waitFor();
    suite.stage.simulator.holdAt(Infinity);
    await row('A plum').getByText('Completed').waitFor();
    await row('A plum').getByRole('link').click();
    await page.waitForURL(`**/tasks/${id}`);
    await button('Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL('**/tasks');
    await row('A plum').waitFor({ state: 'detached' });
  });

  it('speaks Chinese and turns dark without a reload, and stays so', async () => {
    await open('/settings');
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
    await page.getByText('简体中文', { exact: true }).click();
    await page.getByRole('heading', { level: 1, name: '设置' }).waitFor();
    await page.getByText('深色', { exact: true }).click();
    const dark = page.locator('html[data-mantine-color-scheme=dark][lang^=zh]');
    await dark.waitFor({ state: 'attached' });
    await page.reload();
    await page.getByRole('heading', { level: 1, name: '设置' }).waitFor();
    await dark.waitFor({ state: 'attached' });
    expect(await page.getByRole('navigation').first().innerText()).not.toMatch(/[a-z]{4}/);
  });

  it('adds users, and says who may do what', async () => {
    await open('/admin');
    await button('Add a user').click();
    const dialog = page.getByRole('dialog', { name: 'Add a user' });
    await dialog.getByRole('textbox', { name: 'User name' }).fill('Not A Name!');
    await dialog.getByRole('textbox', { name: 'Password' }).fill('short');
    await dialog.getByRole('button', { name: 'Add a user' }).click();
    await dialog.locator('[aria-invalid=true]').first().waitFor();
    await dialog.getByRole('textbox', { name: 'User name' }).fill('bea');
    await dialog.getByRole('textbox', { name: 'Password' }).fill('a password that is long enough');
    await dialog.getByRole('button', { name: 'Add a user' }).click();
    await dialog.waitFor({ state: 'detached' });
    const row = page.getByRole('table', { name: 'Users' }).getByRole('row').filter({ hasText: 'bea' });
    await row.getByText('Active').waitFor();
    const change = async (action: string) => {
      await button('Change bea').click();
      await page.getByRole('menuitem', { name: action }).click();
    };
    await change('Make an administrator');
    await row.getByText('Administrator').waitFor();
    await change('Disable');
    await row.getByText('Disabled').waitFor();
    await change('Set a new password');
    const password = page.getByRole('dialog', { name: 'New password for bea' });
    await password.getByRole('textbox', { name: 'Password' }).fill('another password that is long');
    await password.getByRole('button', { name: 'Save' }).click();
    await password.waitFor({ state: 'detached' });
    await page.getByText('Works').first().waitFor();
  });
});
