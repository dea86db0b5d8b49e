import { beforeAll, describe, expect, it } from '@jest/globals';
import { addDifyTeam } from '../support/content/dify.js';
import { addModel } from '../support/content/models.js';
import { script } from '../support/stages/stage.js';
import { add } from '../support/content/teams.js';
import { WebSuite } from '../support/web/web-suite.js';

/** Longer than a loaded machine needs for a first token. */
const PATIENCE_MS = '4000';
const ONCE = 'retry_after=0';

/** What is asked, what the card says, and where it leads. */
type Failure = readonly [code: string, script: string, title: string, link: string | null];

describe('why an answer failed, in words', () => {
  const suite = new WebSuite({
    environment: { PROVIDER_FIRST_TOKEN_TIMEOUT_MS: PATIENCE_MS, PROVIDER_IDLE_TIMEOUT_MS: PATIENCE_MS },
    expectedErrors: /the server responded with a status of [45]\d\d/,
  });

  const failures: readonly Failure[] = [
    ['provider_auth', 'case=auth', 'The provider has refused the key', 'Open models'],
    ['provider_not_found', 'case=not-found', 'The provider does not know this model', 'Open models'],
    ['provider_bad_request', 'status=422', 'The provider has refused the request', 'Open models'],
    ['context_too_long', 'case=prompt-too-long', 'The conversation is too long for this model', null],
    ['provider_rate_limited', `case=rate-limited ${ONCE}`, 'Too many requests for this account', 'Open models'],
    ['provider_overloaded', 'case=error-after-text', 'The provider is overloaded', null],
    ['provider_unavailable', 'case=server-error', 'The provider cannot be reached', 'Open models'],
    ['provider_protocol', 'case=html-200', 'The reply was not what this kind of provider sends', 'Open models'],
    ['provider_truncated', 'case=eof-after-text', 'The answer broke off', null],
    ['provider_timeout', 'case=hang-before-headers', 'The provider took too long', null],
    ['provider_idle_timeout', 'case=hang-after-delta', 'The model fell silent in the middle', null],
  ];

  it.each(failures)('%s', async (code, text, title, link) => {
    const tab = await suite.openChat();
    await tab.ask(script(text));
    const card = tab.answer.getByRole('alert');
    await card.getByRole('heading', { name: title }).waitFor();
    await card.getByText('Details', { exact: true }).click();
    await card.getByText(code, { exact: true }).waitFor();
    await card.getByRole('button', { name: 'Try again' }).waitFor();
    await card.getByRole('button', { name: 'Retry with another model' }).waitFor();
    if (link !== null) await card.getByRole('link', { name: link }).waitFor();
    expect(await card.getByRole('link').count()).toBe(link === null ? 0 : 1);
  });

  describe('of a connection', () => {
    const teams = { blocked: 0, off: 0 };

    beforeAll(async () => {
      const { api } = suite.stage;
      const model = await addModel(api, { name: 'inside', baseUrl: 'http://10.1.2.3/v1' });
      const bot = await add(api, '/bots', { name: 'blocked', shell_name: 'Chat', model_name: model });
      teams.blocked = await add(api, '/teams', { name: 'blocked', bots: [{ bot_id: bot }] });
      teams.off = (await addDifyTeam(suite.stage, api, 'app-off-chat')).teamId;
    });

    it.each([
      ['blocked', 'The model’s address is not allowed', 'Open models'],
      ['off', 'The Dify app cannot be used', 'Open models'],
    ] as const)('%s', async (team, title, link) => {
      const tab = await suite.openChat(`/?team=${teams[team]}`);
      await tab.ask('Hello');
      await tab.answer.getByRole('heading', { name: title }).waitFor();
      await tab.answer.getByRole('link', { name: link }).click();
      await tab.page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    });
  });

  it('is known before anything is stored, and the question stays', async () => {
    const { api } = suite.stage;
    const bot = await add(api, '/bots', { name: 'unset', shell_name: 'Chat' });
    const team = await add(api, '/teams', { name: 'without a model', bots: [{ bot_id: bot }] });
    const tab = await suite.openChat(`/?team=${team}`);
    await tab.ask('Hello');
    await tab.page.getByRole('alert').getByText(/model/).waitFor();
    expect(await tab.composer.inputValue()).toBe('Hello');
  });

  it('is known after a reload, and another model may help', async () => {
    const tab = await suite.openChat();
    await tab.ask(script('case=auth times=1 key=once'));
    await tab.answer.getByRole('heading', { name: 'The provider has refused the key' }).waitFor();
    await tab.page.reload();
    await tab.answer.getByText('Details', { exact: true }).click();
    await tab.answer.getByText('provider_auth', { exact: true }).waitFor();
    await tab.answer.getByRole('alert').getByRole('button', { name: 'Retry with another model' }).click();
    await tab.page.getByRole('menuitem', { name: 'Simulator (OpenAI protocol)' }).click();
    await tab.page.getByText('2/2').waitFor();
    await tab.untilComplete();
    expect(await tab.answer.getByRole('alert').count()).toBe(0);
  });
});
