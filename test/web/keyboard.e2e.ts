import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { type ChatTab, wordsUpTo } from '../support/web/chat-tab.js';
import { script } from '../support/stages/stage.js';
import { WebSuite } from '../support/web/web-suite.js';

/** More than any place has. */
const MAX_STOPS = 120;

describe('the page without a mouse', () => {
  const suite = new WebSuite();
  let tab: ChatTab;
  let page: Page;

  beforeEach(async () => {
    tab = await suite.openChat();
    page = tab.page;
  });

  const focused = (locator: Locator) => locator.and(page.locator(':focus'));
  const untilFocused = (locator: Locator) => focused(locator).waitFor();

  /** Moves the focus, by the key alone, until it is there. @throws when it never is */
  async function moveTo(locator: Locator, key = 'Tab'): Promise<void> {
    await locator.waitFor();
    for (let stops = 0; stops < MAX_STOPS; stops += 1) {
      if ((await focused(locator).count()) === 1) return;
      await page.keyboard.press(key);
    }
    throw new Error(`the focus never comes to ${String(locator)}`);
  }

  async function type(text: string): Promise<void> {
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  }

  it('asks, stops, tries again, edits the question', async () => {
    suite.stage.simulator.holdAt(3);
    await untilFocused(tab.composer);
    await type(script('tokens=2000 rate=500', 'By keys'));
    await tab.untilWords(wordsUpTo(3));
    await page.keyboard.press('Escape');
    await tab.says(/connection was closed after/);
    await moveTo(tab.answer.getByRole('button', { name: 'Try again' }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByText('2/2').waitFor();
    await tab.untilWords(wordsUpTo(3));
    await page.keyboard.press('Escape');
    await tab.untilComplete();
    await moveTo(tab.composer);
    await page.keyboard.press('ArrowUp');
    const editor = page.getByRole('textbox', { name: 'Edit the question' });
    await untilFocused(editor);
    await page.keyboard.press('Control+A');
    suite.stage.simulator.holdAt(Infinity);
    await type(script('tokens=2 rate=0', 'Changed'));
    await page.getByText('3/3').waitFor();
    await tab.untilWords(wordsUpTo(2));
  });

  it('goes from conversation to conversation, and begins a new one', async () => {
    for (const title of ['The older one', 'The newer one'])
      await suite.stage.api.turn(script('tokens=2 rate=0', title));
    await moveTo(tab.row('The newer one'));
    await page.keyboard.press('ArrowDown');
    await untilFocused(tab.row('The older one'));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /The older one/ }).waitFor();
    await tab.untilWords(wordsUpTo(2));
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Search and commands' });
    await palette.waitFor();
    // Without a look at what is found: Enter is for what was typed.
    await page.keyboard.type('The newer');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /The newer one/ }).waitFor();
    await palette.waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await palette.getByRole('option', { name: /The older one/ }).waitFor();
    await page.keyboard.type('The old');
    await palette.getByRole('option', { name: /The newer one/ }).waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /The older one/ }).waitFor();
    await palette.waitFor({ state: 'detached' });
    await page.keyboard.press('Control+Shift+O');
    await page.getByRole('heading', { name: 'What can I do for you?' }).waitFor();
    await untilFocused(tab.composer);
  });

  it('opens dialogs, keeps the focus in them, and gives it back', async () => {
    const models = page.getByRole('link', { name: 'Models' });
    await moveTo(models, 'Shift+Tab');
    await page.keyboard.press('Enter');
    const add = page.getByRole('button', { name: 'Add a model' }).first();
    await moveTo(add);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Add a model' });
    await untilFocused(dialog.getByRole('textbox', { name: 'Name', exact: true }));
    for (let stops = 0; stops < 40; stops += 1) {
      await page.keyboard.press('Tab');
      expect(await dialog.locator(':focus').count()).toBe(1);
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await untilFocused(add);
    await page.keyboard.press('?');
    const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await keys.waitFor();
    await page.keyboard.press('Escape');
    await keys.waitFor({ state: 'detached' });
    await untilFocused(add);
  });

  it('reaches the dialogs of an answer, and comes back to it', async () => {
    await type(script('tokens=2 rate=0'));
    await tab.untilComplete();
    const more = tab.answer.getByRole('button', { name: 'More', exact: true });
    await moveTo(more, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await moveTo(page.getByRole('menuitem', { name: 'Continue on another device' }), 'ArrowDown');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Continue on another device' });
    await moveTo(dialog.getByRole('button', { name: 'Create link' }));
    await page.keyboard.press('Enter');
    await dialog.getByLabel('Link', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await untilFocused(more);
  });
});
