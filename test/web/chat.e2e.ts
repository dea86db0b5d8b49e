import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { Reader, startBrowser } from '../support/browser.js';
import { endAll } from '../support/child.js';
import { sharedStage } from '../support/shared-stage.js';
import { script, type Stage } from '../support/stage.js';

/** Codes that Chromium reports when a request is refused, as a test expects. */
const REFUSALS = /the server responded with a status of 4\d\d/;

const box = (page: Page) => page.getByLabel('Your question');
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });

async function ask(page: Page, text: string): Promise<void> {
  await box(page).fill(text);
  await box(page).press('Enter');
}

describe('the chat of the page', () => {
  let stage: Stage;
  let browser: Browser;
  let reader: Reader;
  let page: Page;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([sharedStage('embedded'), startBrowser()]);
  });
  beforeEach(async () => {
    reader = await Reader.come(browser, stage.server(0).url, { expectedErrors: REFUSALS });
    page = await reader.open();
    await box(page).waitFor();
  });
  afterEach(async () => {
    const { flaws } = reader;
    await reader.leave();
    expect(flaws).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await endAll(stage);
  });

  it('streams an answer, keeps its versions, and branches off', async () => {
    await ask(page, script('tokens=5'));
    await page.getByText('w0 w1 w2 w3 w4').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('2/2').waitFor();
    await button(page, 'Continue from here in a new chat').waitFor();
    await button(page, 'Edit the question').click();
    const editor = page.getByRole('textbox', { name: 'Edit the question' });
    await editor.fill(script('tokens=3', 'Changed'));
    await editor.press('Enter');
    await page.getByText('3/3').waitFor();
    await page.getByText('w0 w1 w2', { exact: true }).waitFor();
    const before = page.url();
    await button(page, 'Continue from here in a new chat').click();
    await page.waitForURL((url) => url.href !== before);
    await page.getByText('w0 w1 w2', { exact: true }).waitFor();
  });

  it('queues a question that is taken back, and stops with a receipt', async () => {
    await ask(page, script('tokens=2000 rate=20'));
    await page.getByText(/w3\s+w4/).waitFor();
    await ask(page, 'The next one');
    await button(page, 'Take back').click();
    await button(page, 'Take back').waitFor({ state: 'detached' });
    expect(await box(page).inputValue()).toBe('The next one');
    await button(page, 'Stop (Esc)').click();
    await page.getByText(/connection was closed after/).waitFor();
    expect(await page.getByText(/w3\s+w4/).count()).toBeGreaterThan(0);
  });

  it('stops before the first token', async () => {
    await ask(page, script('case=hang-before-headers'));
    await button(page, 'Stop (Esc)').click();
    await page.getByText(/^Stopped/).waitFor();
  });

  it.each([
    ['auth', 'The provider has refused the key'],
    ['prompt-too-long', 'The conversation is too long for this model'],
    ['not-found', 'The provider does not know this model'],
    ['error-after-text', 'The provider is overloaded'],
  ])('says why an answer failed: %s', async (name, title) => {
    await ask(page, script(`case=${name}`));
    await page.getByRole('heading', { name: title }).waitFor();
  });

  it('shows hostile markdown as text', async () => {
    const text =
      '<script>window.hurt=1</script> [click](javascript:window.hurt=2) <img src=x onerror=alert(1)>\n\n**end**';
    await ask(page, script(`text=${encodeURIComponent(text)}`));
    await page.locator('strong', { hasText: 'end' }).waitFor();
    expect(await page.locator('a[href^="javascript"], img[onerror]').count()).toBe(0);
    expect(await page.evaluate('window.hurt')).toBeUndefined();
  });

  it('keeps the draft, and tells of a question that is too long before it is sent', async () => {
    await box(page).fill('x'.repeat(60_001));
    await page.getByText('This is 1 byte too long. 60,000 fit.').waitFor();
    expect(await button(page, 'Send').isDisabled()).toBe(true);
    await box(page).fill('A draft');
    await page.reload();
    expect(await box(page).inputValue()).toBe('A draft');
  });

  it('does not send while an input method composes', async () => {
    await box(page).fill('ni');
    await box(page).dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true });
    expect(await box(page).inputValue()).toBe('ni');
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('asks the person whom a Dify app waits for', async () => {
    await page.getByText('A question back to you').click();
    await button(page, 'Send').click();
    await page.getByRole('textbox', { name: 'comment' }).fill('Fine with me');
    await button(page, 'Approve').click();
    await button(page, 'Continue from here in a new chat').waitFor();
  });

  it('shows a shared conversation without the frame, until its link is ended', async () => {
    await ask(page, script('tokens=4'));
    await page.getByRole('toolbar').getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Continue on another device' }).click();
    await button(page, 'Create link').click();
    const link = new URL(await page.getByLabel('Link', { exact: true }).inputValue());
    const shared = await reader.open(link.pathname);
    await shared.getByText('w0 w1 w2 w3').waitFor();
    expect(await shared.getByRole('textbox').count()).toBe(0);
    await button(page, 'End all links').click();
    await button(page, 'All links have ended').waitFor();
    await shared.reload();
    await shared.getByText('This link shows nothing any more').waitFor();
  });
});
