import { describe, expect, it } from '@jest/globals';
import { type ChatTab, wordsUpTo } from '../support/web/chat-tab.js';
import { eventually } from '../support/child.js';
import { addDifyTeam } from '../support/content/dify.js';
import { script } from '../support/stages/stage.js';
import { WebSuite } from '../support/web/web-suite.js';

const TOKENS = 60;
const QUESTION = script(`tokens=${TOKENS} rate=500`, 'Tell me');
const WHOLE = wordsUpTo(TOKENS);
/** Tokens that have come when the page is loaded again. */
const MOMENTS = [0, 1, 20, 40, TOKENS];
const LOST = /Failed to load resource|net::ERR|Failed to fetch/;

describe('an answer that goes on', () => {
  const suite = new WebSuite({ environment: { MAX_CONCURRENT_DIRECT_CHATS: '1' }, expectedErrors: LOST });

  /** Asks a question whose answer waits after so many words. */
  async function askAndHold(words: number): Promise<ChatTab> {
    suite.stage.simulator.holdAt(words);
    const tab = await suite.openChat();
    await tab.ask(QUESTION);
    await tab.taskId();
    await tab.untilWords(wordsUpTo(words));

    return tab;
  }

  it('is there again after each reload, as far as it was, and ends the same', async () => {
    const tab = await askAndHold(0);
    for (const moment of MOMENTS) {
      suite.stage.simulator.holdAt(moment);
      await tab.untilWords(wordsUpTo(moment));
      await tab.page.reload();
      await tab.answer.waitFor();
      await tab.untilWords(wordsUpTo(moment));
    }
    suite.stage.simulator.holdAt(Infinity);
    await tab.untilComplete();
    await tab.page.reload();
    await tab.untilComplete();

    expect(await tab.words()).toBe(WHOLE);
    expect(suite.stage.simulator.counters.requests).toBe(1);
  });

  it('is followed by two tabs and by another device', async () => {
    const first = await askAndHold(10);
    const path = `/chat/${await first.taskId()}`;
    const device = await suite.newReader();
    const others = [await suite.openChat(path), await suite.openChat(path, device)];
    for (const tab of others) await tab.untilWords(wordsUpTo(10));
    suite.stage.simulator.holdAt(30);
    for (const tab of [first, ...others]) await tab.untilWords(wordsUpTo(30));
    suite.stage.simulator.holdAt(Infinity);
    for (const tab of [first, ...others]) {
      await tab.untilComplete();
      expect(await tab.words()).toBe(WHOLE);
    }

    expect(suite.stage.simulator.counters.requests).toBe(1);
  });

  it('comes back with the network, from where it was', async () => {
    const tab = await askAndHold(10);
    await suite.reader.context.setOffline(true);
    suite.stage.simulator.holdAt(30);
    await tab.says('You are offline. The answer goes on; it will be here when you are back.');
    await tab.composer.fill('typed while away');
    expect(await tab.words()).toBe(wordsUpTo(10));
    await suite.reader.context.setOffline(false);
    await tab.untilWords(wordsUpTo(30));
    suite.stage.simulator.holdAt(Infinity);
    await tab.untilComplete();

    expect(await tab.words()).toBe(WHOLE);
    expect(await tab.composer.inputValue()).toBe('typed while away');
    expect(await tab.page.getByText('You are offline').count()).toBe(0);
  });

  it('begins again when its server was lost, and says so', async () => {
    const tab = await askAndHold(20);
    // Whether its log has all that is shown is left open: a tab that has more is given a `resync`, not a `reset`.
    await suite.stage.server(0).kill();
    await tab.says('Connection lost. The answer goes on; reconnecting …');
    await tab.composer.fill('typed while away');
    suite.stage.simulator.holdAt(Infinity);
    await suite.stage.revive();
    await tab.untilComplete();

    const note = tab.answer.getByRole('note');
    expect(await note.innerText()).toContain('The server that wrote this was lost. Another one has begun again.');
    await note.getByText('What stood here before').click();
    expect((await note.innerText()).match(/\bw\d+\b/g)?.join(' ')).toBe(wordsUpTo(20));
    await note.getByText('What stood here before').click();
    expect(await tab.composer.inputValue()).toBe('typed while away');
    expect(await tab.page.getByText('Connection lost').count()).toBe(0);
    await tab.page.reload();
    await tab.untilComplete();
    await tab.untilWords(WHOLE);
    expect(await tab.composer.inputValue()).toBe('typed while away');
  });

  it('keeps a form, and what is typed in it, while the server restarts', async () => {
    const { teamId } = await addDifyTeam(suite.stage, suite.stage.api, 'app-approval-d-workflow');
    const tab = await suite.openChat(`/?team=${teamId}`);
    await tab.ask('Write the invitation');
    const comment = tab.answer.getByRole('textbox', { name: 'comment' });
    await comment.fill('Fine with me');
    await suite.stage.server(0).kill();
    await tab.says('Connection lost. The answer goes on; reconnecting …');
    expect(await comment.inputValue()).toBe('Fine with me');
    await suite.stage.revive();
    await tab.page.getByText('Connection lost').waitFor({ state: 'hidden' });
    expect(await comment.inputValue()).toBe('Fine with me');
    const other = await suite.openChat(`/chat/${await tab.taskId()}`);
    await other.answer.getByRole('textbox', { name: 'comment' }).waitFor();
    await tab.answer.getByRole('button', { name: 'Approve' }).click();
    for (const each of [tab, other]) await each.untilComplete();
    await eventually(
      'the form has left the other tab',
      async () => (await other.answer.getByRole('textbox').count()) === 0,
    );
    expect(suite.stage.simulator.dify.formsSubmitted).toBe(1);
  });

  it('stops in all tabs when one of them stops it, with the receipt', async () => {
    const tab = await askAndHold(10);
    const other = await suite.openChat(`/chat/${await tab.taskId()}`);
    await other.untilWords(wordsUpTo(10));
    await other.stop();
    for (const each of [tab, other]) {
      await each.says(/^Stopped; the model’s connection was closed after/);
      expect(await each.words()).toBe(wordsUpTo(10));
    }

    expect(suite.stage.simulator.counters.aborts).toBe(1);
  });

  it('shows its place in the queue, which counts, and can be stopped there', async () => {
    const running = await askAndHold(5);
    const [second, third] = [await suite.openChat(), await suite.openChat()];
    await second.ask(QUESTION);
    await second.says('You are next');
    await third.ask(QUESTION);
    await third.says('1 person ahead of you');
    await second.stop();
    await second.says('Stopped; it was still in the queue, nothing was asked');
    await third.says('You are next');
    suite.stage.simulator.holdAt(Infinity);
    for (const tab of [running, third]) {
      await tab.untilComplete();
      expect(await tab.words()).toBe(WHOLE);
    }

    expect(suite.stage.simulator.counters.requests).toBe(2);
  });

  it('says that it waits when nothing comes, and why', async () => {
    const reader = await suite.newReader();
    const tab = await suite.openChat('/', reader);
    await reader.context.clock.install();
    await tab.ask(script('case=hang-before-headers'));
    await tab.taskId();
    await eventually('the model is asked', () => suite.stage.simulator.counters.requests === 1);
    await tab.answer.waitFor();
    await tab.page.clock.fastForward(10_000);
    await tab.says(/^Still waiting for the model: /);
    await tab.page.clock.fastForward(25_000);
    await tab.answer.getByRole('button', { name: 'Why?' }).click();
    const why = tab.page.getByRole('region', { name: 'Why does it wait?' });
    await why.getByText('It goes on by itself').waitFor();
    await tab.stop();
    await tab.says(/^Stopped/);
  });

  it('has one stream of live events for all tabs, which outlives the tab that has it', async () => {
    const opened: string[] = [];
    suite.reader.context.on('request', (request) => {
      if (request.url().endsWith('/api/tasks/events')) opened.push(request.url());
    });
    const tabs = [await suite.openChat(), await suite.openChat(), await suite.openChat()];
    const expectRow = async (title: string, among: readonly ChatTab[]) => {
      await suite.stage.api.turn(script('tokens=1 rate=0', title));
      for (const tab of among) await tab.row(title).waitFor();
    };
    await expectRow('Conversation of the first leader', tabs);
    expect(opened).toHaveLength(1);
    await tabs[0]?.page.close();
    await eventually('another tab leads', () => opened.length === 2);
    await expectRow('Conversation of the second leader', tabs.slice(1));
    expect(opened).toHaveLength(2);
  });
});
