import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Api } from '../support/api.js';
import { findings } from '../support/web/axe.js';
import { ChatTab, wordsUpTo } from '../support/web/chat-tab.js';
import { eventually } from '../support/child.js';
import { passwordOf, signIn } from '../support/web/sign-in.js';
import { script } from '../support/stages/stage.js';
import { WebSuite } from '../support/web/web-suite.js';

const PASSWORDS = { admin: 'the password of the admin', ann: 'the password of ann' } as const;
type UserName = keyof typeof PASSWORDS;

const EXPECTED = /status of 4\d\d|net::ERR|Failed to fetch/;
const QUICK = 'tokens=3 rate=0';

describe('a server with users', () => {
  const suite = new WebSuite({
    environment: {
      AUTH_MODE: 'jwt',
      ADMIN_PASSWORD: PASSWORDS.admin,
      // Tokens end while a page is open.
      ACCESS_TOKEN_TTL_SECONDS: '3',
      MAX_RUNNING_TASKS_PER_USER: '1',
      EGRESS_ALLOW: '127.0.0.1',
    },
    expectedErrors: EXPECTED,
  });

  beforeAll(async () => {
    const admin = await apiOf('admin');
    await admin.post('/users', { user_name: 'ann', password: PASSWORDS.ann });
  });

  async function apiOf(name: UserName): Promise<Api> {
    const { body } = await suite.stage.api.post<{ access_token: string }>('/auth/login', {
      user_name: name,
      password: PASSWORDS[name],
    });

    return suite.stage.api.as(body.access_token);
  }

  // Ann may have one answer under way: that of the test before is stored as ended a little after its reader knows.
  beforeEach(async () => {
    const ann = await apiOf('ann');
    for (const status of ['PENDING', 'RUNNING']) {
      await eventually('no answer of Ann is under way', async () => {
        const { body } = await ann.get<{ total: number }>(`/tasks?status=${status}`);

        return body.total === 0;
      });
    }
  });

  const logIn = (page: Page, name: UserName, password: string = PASSWORDS[name]) => signIn(page, name, password);

  /** Opens a place as a user. */
  async function openAs(name: UserName, path = '/', who = suite.reader): Promise<ChatTab> {
    const page = await who.open(path);
    await logIn(page, name);

    return ChatTab.of(page);
  }

  /** Waits until tokens that were given before are accepted no more. */
  async function untilTokensExpire(): Promise<void> {
    const api = await apiOf('admin');
    await eventually('the tokens expire', async () => (await api.get('/users/me')).status === 401);
  }

  it('asks for the password, and leads where the link led', async () => {
    const { taskId } = await (await apiOf('ann')).turn(script(QUICK, 'A question of Ann'));
    const page = await suite.reader.open(`/chat/${taskId}`);
    await logIn(page, 'ann', 'not the password');
    await page.getByText('The user name or the password is wrong.').waitFor();
    expect(await page.getByLabel('User name').inputValue()).toBe('ann');
    await logIn(page, 'ann');
    const tab = await ChatTab.of(page);
    await tab.untilWords(wordsUpTo(3));
    expect(new URL(page.url()).pathname).toBe(`/chat/${taskId}`);

    await page.reload();
    await tab.untilWords(wordsUpTo(3));
  });

  it('has a login and settings for everybody, in both themes', async () => {
    const page = await suite.reader.open('/settings');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await findings(page)).toEqual([]);
    await logIn(page, 'ann');
    await page.getByRole('region', { name: 'Password' }).waitFor();
    expect(await findings(page)).toEqual([]);
  });

  it('keeps the conversations of two users apart', async () => {
    const other = await suite.newReader();
    const [ann, admin] = [await openAs('ann'), await openAs('admin', '/', other)];
    await ann.ask(script(QUICK, 'A secret of Ann'));
    await ann.untilComplete();
    await admin.ask(script(QUICK, 'A secret of the admin'));
    await admin.untilComplete();
    await ann.row('A secret of Ann').waitFor();
    await admin.row('A secret of the admin').waitFor();
    expect(await ann.row('A secret of the admin').count()).toBe(0);
    expect(await admin.row('A secret of Ann').count()).toBe(0);

    await ann.page.goto(admin.page.url());
    await ann.says('This conversation does not exist, or is not yours.');
    await ann.page.goto(`${suite.stage.server(0).url}/admin`);
    await ann.page.getByText('For administrators only').waitFor();
    expect(await ann.page.getByRole('link', { name: 'Admin' }).count()).toBe(0);
  });

  it('renews the session unseen in the middle of an answer', async () => {
    suite.stage.simulator.holdAt(5);
    const tab = await openAs('ann');
    await tab.ask(script('tokens=40 rate=500', 'Long'));
    await tab.untilWords(wordsUpTo(5));
    // Any request after the expiry renews it, that of the search at the latest.
    const renewed = tab.page.waitForResponse((reply) => reply.url().endsWith('/api/auth/refresh'));
    await untilTokensExpire();
    await tab.search('Long');
    expect((await renewed).status()).toBe(200);
    await tab.row('Long').waitFor();
    suite.stage.simulator.holdAt(Infinity);
    await tab.untilComplete();

    expect(await tab.words()).toBe(wordsUpTo(40));
    expect(await tab.page.getByRole('dialog').count()).toBe(0);
  });

  it('asks for the password over the page when the session has ended, and goes on there', async () => {
    const tab = await openAs('ann');
    await tab.ask(script(QUICK, 'Before'));
    await tab.untilComplete();
    await tab.composer.fill(script(QUICK, 'Typed before the session ended'));
    await (await apiOf('ann')).post('/auth/logout-all');
    const dialog = tab.page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.waitFor();
    expect(await dialog.getByLabel('User name').inputValue()).toBe('ann');
    await passwordOf(tab.page).fill('wrong');
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog.getByText('The user name or the password is wrong.').waitFor();
    await passwordOf(tab.page).fill(PASSWORDS.ann);
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(await tab.composer.inputValue()).toContain('Typed before the session ended');
    await tab.composer.press('Enter');
    await tab.page.getByRole('article', { name: 'Answer' }).nth(1).waitFor();
    await tab.untilComplete();

    expect(await tab.words()).toBe(wordsUpTo(3));
    expect(await tab.composer.inputValue()).toBe('');
  });

  it('asks in all tabs when the session has ended, and once', async () => {
    const tab = await openAs('ann');
    const other = await suite.openChat();
    await other.composer.fill('Typed in the other tab');
    await (await apiOf('ann')).post('/auth/logout-all');
    const dialogs = [tab, other].map(({ page }) => page.getByRole('dialog', { name: 'Your session has ended' }));
    await untilTokensExpire();
    for (const each of [tab, other]) await each.search('anything');
    for (const dialog of dialogs) await dialog.waitFor();
    await passwordOf(tab.page).fill(PASSWORDS.ann);
    await tab.page.keyboard.press('Enter');
    for (const dialog of dialogs) await dialog.waitFor({ state: 'detached' });
    expect(await other.composer.inputValue()).toBe('Typed in the other tab');

    const account = (name: UserName) => `Account and appearance: ${name}`;
    await tab.page.getByRole('button', { name: account('ann') }).click();
    await tab.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await logIn(tab.page, 'admin');
    await tab.page.getByRole('button', { name: account('admin') }).waitFor();
    await untilTokensExpire();
    await other.search('nothing');
    await other.page.getByRole('button', { name: account('admin') }).waitFor();
  });

  it('signs out in all that a reload shows', async () => {
    const tab = await openAs('ann');
    await tab.page.getByRole('button', { name: 'Account and appearance: ann' }).click();
    await tab.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await tab.page.getByText('Sign in to go on.').waitFor();
    await tab.page.reload();
    await tab.page.getByText('Sign in to go on.').waitFor();
  });

  it('says why a question was refused, and keeps it', async () => {
    suite.stage.simulator.holdAt(5);
    const tab = await openAs('ann');
    await tab.ask(script('tokens=40 rate=500', 'Long'));
    await tab.untilWords(wordsUpTo(5));
    const second = await suite.openChat();
    const question = script(QUICK, 'Too many');
    await second.ask(question);
    const problem = second.page.getByRole('alert');
    await problem.getByText('running').waitFor();
    expect(await second.composer.inputValue()).toBe(question);
    suite.stage.simulator.holdAt(Infinity);
    await tab.untilComplete();

    const body = { statusCode: 413, code: 'storage_quota_exceeded', message: 'Your tasks fill the place.' };
    await second.page.route('**/api/direct-chat/stream', (route) => route.fulfill({ status: 413, json: body }), {
      times: 1,
    });
    await problem.getByRole('button', { name: 'Try again' }).click();
    await problem.getByText('Your tasks fill the place.').waitFor();
    expect(await second.composer.inputValue()).toBe(question);
    await problem.getByRole('button', { name: 'Try again' }).click();
    await second.untilComplete();
    expect(await second.composer.inputValue()).toBe('');
    expect(await problem.count()).toBe(0);
  });

  it('says that the server is away, keeps what is typed, and comes back by itself', async () => {
    const tab = await openAs('admin');
    await tab.ask(script(QUICK, 'Before'));
    await tab.untilComplete();
    await suite.stage.server(0).kill();
    await tab.composer.fill(script(QUICK, 'Typed while the server was away'));
    await tab.says('The server cannot be reached. Answers go on there; this page reconnects by itself.');
    await tab.composer.press('Enter');
    await tab.page.getByRole('alert').getByText('The server cannot be reached.').waitFor();
    await suite.stage.revive();
    await tab.page.getByText('this page reconnects by itself').waitFor({ state: 'hidden' });
    expect(await tab.composer.inputValue()).toContain('Typed while the server was away');
    expect(await tab.page.getByRole('dialog').count()).toBe(0);
    await tab.page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await tab.page.getByRole('article', { name: 'Answer' }).nth(1).waitFor();
    await tab.untilComplete();

    expect(await tab.words()).toBe(wordsUpTo(3));
  });
});
