import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/child.js';
import { script } from '../support/stages/stage.js';
import { WebSuite } from '../support/web/web-suite.js';

const QUICK = 'tokens=2 rate=0';
/** More than a page of the list. */
const MANY = 45;

describe('the list of conversations', () => {
  const suite = new WebSuite();

  beforeAll(async () => {
    for (const words of ['The weather in Oslo', '上海的天气怎么样', 'Something to delete'])
      await suite.stage.api.turn(script(QUICK, words));
  });

  /** Of a public team. */
  async function teamId(wanted: string): Promise<number | undefined> {
    const { body } = await suite.stage.api.get<{ items: { id: number; name: string }[] }>('/teams?page=1&limit=100');

    return body.items.find(({ name }) => name === wanted)?.id;
  }

  it('finds conversations by words of English and Chinese', async () => {
    const tab = await suite.openChat();
    await tab.row('Something to delete').waitFor();
    for (const [search, found] of [
      ['oslo', 'The weather in Oslo'],
      ['天气', '上海的天气怎么样'],
    ] as const) {
      await tab.search(search);
      await tab.row(found).waitFor();
      await tab.row('Something to delete').waitFor({ state: 'detached' });
      expect(await tab.list.getByRole('link').count()).toBe(1);
    }
    await tab.search('nowhere at all');
    await tab.says('Nothing contains “nowhere at all”.');
    await tab.page.getByRole('button', { name: 'Clear the search' }).last().click();
    await tab.row('Something to delete').waitFor();
  });

  it('renames in place, in all tabs', async () => {
    const [tab, other] = [await suite.openChat(), await suite.openChat()];
    await tab.row('The weather in Oslo').focus();
    await tab.page.keyboard.press('F2');
    const field = tab.page.getByRole('textbox', { name: 'Title of the conversation' });
    await field.fill('Rain in Bergen');
    await field.press('Enter');
    for (const each of [tab, other]) await each.row('Rain in Bergen').waitFor();
    await tab.page.getByRole('button', { name: 'More for “Rain in Bergen”' }).click();
    await tab.page.getByRole('menuitem', { name: 'Rename' }).click();
    await field.fill('Never saved');
    await field.press('Escape');
    await tab.row('Rain in Bergen').waitFor();
  });

  it('deletes with a way back, and then for good', async () => {
    const tab = await suite.openChat();
    const row = tab.row('Something to delete');
    const deleteIt = async () => {
      await row.focus();
      await tab.page.keyboard.press('Delete');
      await row.waitFor({ state: 'detached' });
    };
    await deleteIt();
    await tab.page.getByRole('button', { name: 'Undo' }).click();
    await deleteIt();
    await tab.page.reload();
    await tab.row('Rain in Bergen').waitFor();
    await row.waitFor({ state: 'detached' });
    await eventually('the server has deleted it', async () => {
      const { body } = await suite.stage.api.get<{ total: number }>('/conversations?search=delete');

      return body.total === 0;
    });
  });

  it('marks an answer that ended unseen, in the list and in the title of the page', async () => {
    suite.stage.simulator.holdAt(1);
    const tab = await suite.openChat();
    await tab.ask(script('tokens=5 rate=100', 'Ends unseen'));
    const id = await tab.taskId();
    await tab.row('Ends unseen').getByRole('img', { name: 'Answering' }).waitFor();
    await tab.page.getByRole('link', { name: 'New chat' }).click();
    await tab.page.getByRole('heading', { name: 'What can I do for you?' }).waitFor();
    suite.stage.simulator.holdAt(Infinity);
    await tab.row('Ends unseen').getByRole('img', { name: 'New answer' }).waitFor();
    await eventually('the title counts it', async () => (await tab.page.title()) === '(1) Chat · Conch');
    await tab.row('Ends unseen').click();
    await tab.page.waitForURL(`**/chat/${id}`);
    await tab.row('Ends unseen').getByRole('img').waitFor({ state: 'detached' });
    await eventually('the title counts nothing', async () => (await tab.page.title()).startsWith('Ends unseen'));
  });

  it('marks an app that waits for its reader', async () => {
    const team = await teamId('demo-dify-workflow');
    const stream = await suite.stage.api.ask({ team_id: team, prompt: script('case=human-input', 'Asks back') });
    await stream.untilType('input_required');
    const tab = await suite.openChat();
    await tab.row('Asks back').getByRole('img', { name: 'Waits for you' }).waitFor();
  });

  it('goes on when it is scrolled to its end, whatever happens meanwhile', async () => {
    const titles = Array.from({ length: MANY }, (_, index) => `Number ${index} of many`);
    // They are listed before anything is asked.
    const team = await teamId('demo-team');
    for (const title of titles) await suite.stage.api.post('/tasks/create', { prompt: title, team_id: team });
    const tab = await suite.openChat();
    await tab.row(titles.at(-1) ?? '').waitFor();
    const isPage = (page: number) => (url: URL) =>
      url.pathname === '/api/conversations' && url.searchParams.get('page') === String(page);
    let bringNextPage = (): void => undefined;
    const mayCome = new Promise<void>((resolve) => (bringNextPage = resolve));
    let isAsked = false;
    await tab.page.route(isPage(2), async (route) => {
      isAsked = true;
      await mayCome;
      await route.continue().catch(() => undefined);
    });
    await tab.list.hover();
    const scrolled = (what: string, check: () => Promise<boolean> | boolean) =>
      eventually(what, async () => {
        await tab.page.mouse.wheel(0, 400);

        return check();
      });
    await scrolled('the next page is asked for', () => isAsked);
    // What is new moves everything: the list is read again, which must not cost the reader the next page.
    const isReadAgain = tab.page.waitForRequest((request) => isPage(1)(new URL(request.url())), { timeout: 3_000 });
    await suite.stage.api.post('/tasks/create', { prompt: 'Comes in between', team_id: team });
    await isReadAgain.catch(() => undefined);
    bringNextPage();
    const oldest = tab.row(titles[0] ?? '');
    await scrolled('the oldest is shown', async () => (await oldest.count()) === 1);
  });
});
