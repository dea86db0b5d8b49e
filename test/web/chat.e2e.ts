import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type ChatTab, wordsUpTo } from '../support/web/chat-tab.js';
import { eventually } from '../support/child.js';
import { script } from '../support/stages/stage.js';
import { addModel } from '../support/content/models.js';
import { add } from '../support/content/teams.js';
import { WebSuite } from '../support/web/web-suite.js';

const QUICK = 'tokens=3 rate=0';
/** Pixels by which the page is wider than its window. */
const BEYOND = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

/** At which side of its paragraph a text begins. */
const startOf = (text: string) => `(() => {
  const paragraph = [...document.querySelectorAll('article p')].find(({ textContent }) => textContent === '${text}');
  const range = document.createRange();
  range.selectNodeContents(paragraph);
  const [words, whole] = [range.getBoundingClientRect(), paragraph.getBoundingClientRect()];
  return whole.right - words.right < words.left - whole.left ? 'right' : 'left';
})()`;

/** A question whose answer is this text. */
const saying = (text: string) => script(`text=${encodeURIComponent(text)} rate=0`);

describe('the chat of the page', () => {
  const suite = new WebSuite({ expectedErrors: /the server responded with a status of 4\d\d/ });
  let tab: ChatTab;
  let page: Page;
  const button = (name: string | RegExp) => page.getByRole('button', { name });

  beforeEach(async () => {
    tab = await suite.openChat();
    page = tab.page;
  });

  const openWith = (team: number) => page.goto(`${suite.stage.server(0).url}/?team=${team}`);

  it('streams an answer, keeps its versions, and branches off', async () => {
    await tab.ask(script('tokens=5'));
    await tab.untilWords(wordsUpTo(5));
    await button('Try again').click();
    await page.getByText('2/2').waitFor();
    await tab.untilComplete();
    await button('Edit the question').click();
    const editor = page.getByRole('textbox', { name: 'Edit the question' });
    await editor.fill(script('tokens=3', 'Changed'));
    await editor.press('Enter');
    await page.getByText('3/3').waitFor();
    await tab.untilWords(wordsUpTo(3));
    const before = page.url();
    await button('Continue from here in a new chat').click();
    await page.waitForURL((url) => url.href !== before);
    await tab.untilWords(wordsUpTo(3));
  });

  it('sends what was asked before it was known who answers', async () => {
    let letPass: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letPass = resolve));
    await page.route('**/api/teams?*', async (route) => {
      await gate;
      await route.continue();
    });
    await page.reload();
    await tab.ask(script(QUICK));
    await page.locator('button[type=submit][data-loading]').waitFor();
    letPass();
    await tab.untilWords(wordsUpTo(3));
    expect(stageRequests()).toBe(1);
  });

  it('queues a question that is taken back, and stops with a receipt', async () => {
    suite.stage.simulator.holdAt(5);
    await tab.ask(script('tokens=2000 rate=500'));
    await tab.untilWords(wordsUpTo(5));
    await tab.ask('The next one');
    await button('Take back').click();
    await button('Take back').waitFor({ state: 'detached' });
    expect(await tab.composer.inputValue()).toBe('The next one');
    await tab.stop();
    await tab.says(/connection was closed after/);
    expect(await tab.words()).toBe(wordsUpTo(5));
  });

  it('asks what was queued one after the other, pauses after a failure, and goes on when told', async () => {
    suite.stage.simulator.holdAt(2);
    await tab.ask(script('tokens=5 rate=500', 'First'));
    await tab.untilWords(wordsUpTo(2));
    const waiting = page.getByRole('region', { name: 'Questions that wait' });
    for (const [index, [text, words]] of [
      ['case=auth', 'Second'],
      [QUICK, 'Third'],
    ].entries()) {
      await tab.ask(script(text ?? '', words));
      await waiting.getByRole('listitem').nth(index).waitFor();
    }
    suite.stage.simulator.holdAt(Infinity);
    await waiting.getByText('Waiting, because the answer before has failed.').waitFor();
    await page.getByRole('heading', { name: 'The provider has refused the key' }).waitFor();
    expect(await waiting.getByRole('listitem').allInnerTexts()).toEqual([expect.stringContaining('Third')]);
    await page.reload();
    await waiting.getByRole('button', { name: 'Ask them now' }).click();
    await waiting.waitFor({ state: 'detached' });
    await tab.untilWords(wordsUpTo(3));
    await tab.untilComplete();
  });

  it('stops before the first token', async () => {
    await tab.ask(script('case=hang-before-headers'));
    await tab.stop();
    await tab.says(/^Stopped/);
  });

  it('shows hostile markdown as text', async () => {
    const hostile = [
      '<script>window.hurt=1</script> <img src=x onerror="window.hurt=2"> <iframe src="javascript:parent.hurt=3">',
      '[click](javascript:window.hurt=4) <javascript:window.hurt=5> [data](data:text/html,<script>hurt</script>)',
      '![picture](https://example.com/track.png) [said](<javascript&colon;window.hurt=6>)',
      '<a href="vbscript:x" onclick="window.hurt=7">x</a> <svg onload="window.hurt=8"></svg>',
      '**end**',
    ].join('\n\n');
    await tab.ask(saying(hostile));
    await tab.answer.locator('strong', { hasText: 'end' }).waitFor();
    await tab.untilComplete();
    expect(await tab.answer.locator('a[href]:not([href^="http"])').count()).toBe(0);
    expect(await tab.answer.locator('script, iframe, [onerror], [onload], [onclick]').count()).toBe(0);
    expect(await page.evaluate('window.hurt')).toBeUndefined();
  });

  it('survives a markdown bomb', async () => {
    const bomb = `${'['.repeat(2000)}\n\n${'>'.repeat(400)} deep\n\n${'*a '.repeat(1500)}\n\n${'- '.repeat(300)}x`;
    await tab.ask(saying(`${bomb}\n\n${'|a'.repeat(1000)}|\n\n**end of the bomb**`));
    // What nests too deeply is shown as it was written.
    await eventually('the end is shown', async () => (await tab.answer.innerText()).includes('end of the bomb'));
    await tab.untilComplete();
    expect(await page.evaluate(BEYOND)).toBe(0);
  });

  it('shows a word of 50 KB and a line of 200 KB', async () => {
    const { api, simulator } = suite.stage;
    // Without max_tokens in its requests.
    await addModel(api, { name: 'long', baseUrl: `${simulator.url}/openai/v1` });
    const bot = await add(api, '/bots', { name: 'long', shell_name: 'Chat', model_name: 'long' });
    await openWith(await add(api, '/teams', { name: 'long', bots: [{ bot_id: bot }] }));
    // Read once it is complete: each look at such a text takes its time.
    await tab.ask(saying('x'.repeat(50_000)));
    await tab.untilComplete();
    expect(await tab.answer.innerText()).toContain('x'.repeat(50_000));
    await tab.ask(script('tokens=34000 rate=0'));
    // The list holds what is near: the answer before may be gone from it.
    await tab.answer.filter({ hasText: 'w33999' }).waitFor();
    await tab.untilComplete();
    expect(await tab.words()).toBe(wordsUpTo(34_000));
    expect(await page.evaluate(BEYOND)).toBe(0);
    await tab.composer.fill('still here');
    expect(await tab.composer.inputValue()).toBe('still here');
  });

  it('writes from right to left, and shows names of all kinds', async () => {
    const { api } = suite.stage;
    const bot = await add(api, '/bots', { name: 'بوت 🐚', shell_name: 'Chat', model_name: 'simulator-claude' });
    const team = await add(api, '/teams', { name: 'فريق 👩‍👩‍👧', bots: [{ bot_id: bot }] });
    await openWith(team);
    const chosen = page.getByRole('combobox', { name: 'Team' });
    await eventually('the team is chosen', async () => (await chosen.inputValue()) === 'فريق 👩‍👩‍👧');
    await tab.ask(saying('مرحبا بكم\n\nAnd English.'));
    await tab.untilComplete();
    await tab.answer.getByText('فريق 👩‍👩‍👧').waitFor();
    // The text stands as it is until what renders it has been loaded.
    await tab.answer
      .locator('p')
      .filter({ hasText: /^And English\.$/ })
      .waitFor();
    expect(await page.evaluate(startOf('مرحبا بكم'))).toBe('right');
    expect(await page.evaluate(startOf('And English.'))).toBe('left');
  });

  it('keeps the draft, and tells of a question that is too long before it is sent', async () => {
    await tab.composer.fill('x'.repeat(60_001));
    await page.getByText('This is 1 byte too long. 60,000 fit.').waitFor();
    expect(await button('Send').isDisabled()).toBe(true);
    await tab.composer.fill('A draft');
    await page.reload();
    expect(await tab.composer.inputValue()).toBe('A draft');
  });

  it('does not send while an input method composes', async () => {
    const devtools = await page.context().newCDPSession(page);
    await tab.composer.focus();
    for (const text of ['n', 'ni', '你'])
      await devtools.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
    // The key that chooses a word: as the browser sees it, and as the input method passes it on.
    for (const [key, code] of [
      ['Enter', 13],
      ['Process', 229],
    ] as const)
      await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key, windowsVirtualKeyCode: code });
    expect(await tab.composer.inputValue()).toBe('你');
    expect(new URL(page.url()).pathname).toBe('/');
    await devtools.send('Input.insertText', { text: '你好' });
    expect(await tab.composer.inputValue()).toBe('你好');
    // The key that ends a composition does not send, and some browsers report it a little later.
    await eventually('the next Enter sends', async () => {
      await tab.composer.press('Enter');

      return (await tab.composer.inputValue()) === '';
    });
    await tab.untilComplete();
    expect(stageRequests()).toBe(1);
  });

  it('shows a shared conversation without the frame, until its link is ended', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await tab.ask(script('tokens=4'));
    await page.getByRole('toolbar').getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Continue on another device' }).click();
    const dialog = page.getByRole('dialog', { name: 'Continue on another device' });
    await dialog.getByRole('button', { name: 'Create link' }).click();
    const link = await dialog.getByLabel('Link', { exact: true }).inputValue();
    await dialog.getByRole('img', { name: 'QR code of the link' }).waitFor();
    await dialog.getByRole('button', { name: 'Copy the link' }).click();
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(link);
    const guest = await suite.newReader();
    const shared = await guest.open(new URL(link).pathname);
    await shared.getByText(/w0\s+w1\s+w2\s+w3/).waitFor();
    expect(await shared.getByRole('textbox').count()).toBe(0);
    await dialog.getByRole('button', { name: 'End all links' }).click();
    await dialog.getByRole('button', { name: 'All links have ended' }).waitFor();
    await shared.reload();
    await shared.getByText('This link shows nothing any more').waitFor();
  });

  const stageRequests = () => suite.stage.simulator.counters.requests;
});
