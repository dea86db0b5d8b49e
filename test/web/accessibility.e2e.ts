import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { findings, smallTargets } from '../support/web/axe.js';
import { Reader, startBrowser } from '../support/web/browser.js';
import { endAll } from '../support/child.js';
import { addModel } from '../support/content/models.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { script, type Stage } from '../support/stages/stage.js';
import { add } from '../support/content/teams.js';

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** What an answer can have: headings, a list, a table that is wider than a phone, code with a long line, a formula. */
const RICH = `# Tides

A *list* with [a link](https://example.com/tides):

- [x] spring
- [ ] neap

| Port | High water | Low water | Range | Remark |
|---|--:|--:|--:|---|
| Saint-Malo | 12.20 m | 1.10 m | 11.10 m | among the largest in Europe |

\`\`\`ts
// ${'A comment that is wider than a phone. '.repeat(4)}
const range = (high: number, low: number) => high - low;
\`\`\`

> The sea is never still.

Inline \`code\` and $$a^2 + b^2 = c^2$$.`;

/** A place, and what stands there once it is complete. */
type Place = readonly [name: string, path: string, settle: (page: Page) => Promise<void>];

describe('what every place keeps', () => {
  let stage: Stage;
  let browser: Browser;
  let reader: Reader;
  let page: Page;
  const ids = { chat: 0, steps: 0, team: 0 };

  beforeAll(async () => {
    [stage, browser] = await Promise.all([sharedStage('embedded'), startBrowser()]);
    const { api, simulator } = stage;
    ids.chat = (await api.turn(script(`text=${encodeURIComponent(RICH)} rate=0`, 'Tides'))).taskId;
    const steps = { prompt: script('nodes=2 rate=0', 'Steps'), team_name: 'demo-dify-workflow' };
    ids.steps = (await api.turn(steps)).taskId;
    await api.turn(script('case=auth', 'Fails'));
    await addModel(api, { name: 'own-model', baseUrl: `${simulator.url}/openai/v1` });
    const bot = await add(api, '/bots', { name: 'own-bot', shell_name: 'Chat', model_name: 'own-model' });
    ids.team = await add(api, '/teams', { name: 'own-team', bots: [{ bot_id: bot }], workflow: { mode: 'solo' } });
    // A dialog that is still coming has other colours.
    reader = await Reader.come(browser, stage.server(0).url, { reducedMotion: 'reduce' });
    page = await reader.open();
  });

  afterAll(() => endAll(browser, stage));

  /** Goes to a place as a link does: the page, and axe in it, are loaded once. */
  const visit = (path: string) => page.evaluate(`history.pushState({}, '', ${JSON.stringify(path)})`);

  const heading = (name: string) => (at: Page) => at.getByRole('heading', { level: 1, name }).waitFor();
  const dialog = (name: string) => (at: Page) => at.getByRole('dialog', { name }).waitFor();
  const row = (table: string, text: string) => (at: Page) =>
    at.getByRole('table', { name: table }).getByText(text).first().waitFor();

  const places: readonly Place[] = [
    ['an empty chat', '/', heading('What can I do for you?')],
    [
      'a chat with an answer',
      '/chat/CHAT',
      async (at) => {
        await at.getByRole('table').waitFor();
        await at.locator('.katex').first().waitFor();
      },
    ],
    [
      'a chat with steps',
      '/chat/STEPS',
      async (at) => {
        const steps = at.getByRole('button', { name: /\d steps/ });
        await steps.click();
        await at.getByRole('region', { name: 'Steps' }).getByRole('listitem').first().waitFor();
      },
    ],
    ['the tasks', '/tasks', row('Tasks', 'Failed')],
    ['a task', '/tasks/STEPS', (at) => at.getByRole('region', { name: 'About this task' }).waitFor()],
    ['the result of a task', '/tasks/CHAT?tab=result', (at) => at.getByRole('table').waitFor()],
    ['the steps of a task', '/tasks/STEPS?tab=steps', (at) => at.getByText('End', { exact: true }).first().waitFor()],
    ['the subtasks of a task', '/tasks/CHAT?tab=subtasks', row('Subtasks', 'Question')],
    ['a task as it is', '/tasks/CHAT?tab=raw', (at) => at.getByRole('button', { name: 'Copy' }).waitFor()],
    ['the teams', '/teams', (at) => at.getByRole('list', { name: 'My teams' }).waitFor()],
    ['a new team', '/teams?open=new', dialog('New team')],
    ['a team', '/teams?open=team-TEAM', dialog('Change own-team')],
    ['the models', '/models', row('My models', 'own-model')],
    ['a model', '/models?open=own-model', dialog('Change own-model')],
    ['the shells', '/shells', (at) => at.getByRole('list', { name: 'Public runtimes' }).waitFor()],
    ['a new shell', '/shells?open=new', dialog('Add an image')],
    ['the administration', '/admin', row('Users', 'admin')],
    ['the settings', '/settings', (at) => at.getByRole('region', { name: 'Git accounts' }).waitFor()],
  ];

  it.each(places)('%s: for everybody, in both themes, also on a phone', async (_name, path, settle) => {
    const { chat, steps, team } = ids;
    const address = path.replace('CHAT', String(chat)).replace('STEPS', String(steps)).replace('TEAM', String(team));
    await visit(address);
    await settle(page);
    expect(await findings(page)).toEqual([]);
    await page.setViewportSize(PHONE);
    const [beyond, small] = [await widthBeyond(page), await smallTargets(page)];
    await page.setViewportSize(DESK);
    expect(beyond).toBe(0);
    expect(small).toEqual([]);
    expect(reader.flaws).toEqual([]);
  });

  it.each(['DESK', 'PHONE'] as const)('a conversation stands still while it loads, on a %s', async (size) => {
    await page.setViewportSize(size === 'DESK' ? DESK : PHONE);
    await page.goto(`${stage.server(0).url}/chat/${ids.chat}`);
    await page.locator('.katex').first().waitFor();
    const shifts = await layoutShifts(page);
    await page.setViewportSize(DESK);
    // What Lighthouse calls good.
    expect(shifts).toBeLessThan(0.1);
  });
});

/** Pixels by which the page is wider than its window. */
const widthBeyond = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** How much of the window has moved by itself since the page was opened. */
const layoutShifts = (page: Page): Promise<number> =>
  page.evaluate(`new Promise((resolve) => {
    let sum = 0;
    const add = (shifts) => shifts.forEach(({ value }) => (sum += value));
    const observer = new PerformanceObserver((list) => add(list.getEntries()));
    observer.observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => setTimeout(() => {
      add(observer.takeRecords());
      resolve(sum);
    }));
  })`);
