import { describe, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { type ChatTab, wordsUpTo } from '../support/web/chat-tab.js';
import { addDifyTeam, difyRuns } from '../support/content/dify.js';
import { script } from '../support/stages/stage.js';
import { WebSuite } from '../support/web/web-suite.js';

const file = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`the words of ${name}`) });

describe('Dify apps on the page', () => {
  const suite = new WebSuite();

  /** The chat with the app of a key. */
  async function openApp(key: string): Promise<ChatTab> {
    const { teamId } = await addDifyTeam(suite.stage, suite.stage.api, key);

    return suite.openChat(`/?team=${teamId}`);
  }

  /** Chooses files, as the button of a part of the page does. */
  const choose = (part: Locator, names: string[]) =>
    part.locator('input[type=file]').first().setInputFiles(names.map(file));

  it('shows steps while they run, and one line when they are done', async () => {
    suite.stage.simulator.holdAt(2);
    const tab = await openApp('app-steps-a-workflow');
    await tab.ask(script('tokens=5 rate=500 nodes=2 titles=Look%7CThink'));
    const steps = tab.answer.getByRole('region', { name: 'Steps' });
    await steps.getByText('Think', { exact: true }).waitFor();
    suite.stage.simulator.holdAt(Infinity);
    await tab.untilComplete();
    const summary = steps.getByRole('button', { name: /^\d+ steps · / });
    expect(await summary.getAttribute('aria-expanded')).toBe('false');
    await summary.click();
    await steps.getByText('Look', { exact: true }).waitFor();
    expect(await tab.words()).toBe(wordsUpTo(5));
  });

  it('shows a step that has failed, with the rest of the answer', async () => {
    const tab = await openApp('app-b-workflow');
    await tab.ask(script('tokens=3 rate=0 case=partial'));
    await tab.says('Some steps of the app have failed; the rest is complete.');
    await tab.answer.getByRole('button', { name: /1 failed/ }).waitFor();
  });

  it('shows sources and files, and asks what the app suggests', async () => {
    const tab = await openApp('app-suggest-advanced-chat');
    await tab.ask(script('tokens=3 rate=0 case=sources'));
    const sources = tab.answer.getByRole('region', { name: 'Sources' });
    await sources.getByRole('button').first().click();
    await sources.getByText(/relevant/).waitFor();
    const suggestions = tab.answer.getByRole('list', { name: 'What you may ask next' });
    const [question = ''] = await suggestions.getByRole('button').allInnerTexts();
    await suggestions.getByRole('button').first().click();
    await tab.page.getByRole('article', { name: 'Answer' }).nth(1).waitFor();
    await tab.untilComplete();
    await tab.page.getByRole('log').getByText(question, { exact: true }).first().waitFor();

    await tab.ask(script('tokens=3 rate=0 case=files'));
    await tab.answer.getByRole('list', { name: 'Files' }).getByRole('listitem').first().waitFor();
  });

  it('fills in the inputs of the app, with files, and keeps them for the next question', async () => {
    const key = 'app-inputs-c-advanced-chat';
    const tab = await openApp(key);
    const { page } = tab;
    const inputs = page.getByRole('region', { name: 'Inputs of the app' });
    await tab.ask('What is the weather?');
    await inputs.getByText('Please fill this in.').first().waitFor();
    await inputs.getByLabel(/^city/i).fill('Graz');
    await choose(inputs, ['plan.txt']);
    await inputs.getByText('plan.txt').waitFor();
    await page.locator('form input[type=file]').last().setInputFiles(['one.txt', 'two.txt'].map(file));
    const files = page.getByRole('list', { name: 'Files' });
    await files.getByRole('button', { name: 'Remove two.txt' }).click();
    await files.getByText('two.txt').waitFor({ state: 'detached' });
    await page.reload();
    await files.getByText('one.txt').waitFor();
    await tab.composer.press('Enter');
    await tab.untilComplete();
    await tab.ask('And tomorrow?');
    await page.getByRole('article', { name: 'Answer' }).nth(1).waitFor();
    await tab.untilComplete();

    const [first, second] = difyRuns(suite.stage, key);
    expect(first).toMatchObject({ query: 'What is the weather?', inputs: { city: 'Graz', plan: {} }, files: [{}] });
    expect(second).toMatchObject({ query: 'And tomorrow?', inputs: { city: 'Graz' } });
  });
});
