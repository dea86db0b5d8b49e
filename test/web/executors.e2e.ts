import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import type { ChatTab } from '../support/web/chat-tab.js';
import { eventually } from '../support/child.js';
import { addExecutorTeam, type Dispatched, ExecutorApi, INTERNAL_TOKEN } from '../support/executors/executors.js';
import { GitServer } from '../support/git-server.js';
import { WebSuite } from '../support/web/web-suite.js';

const GIT_TOKEN = 'ghp_a-git-token-of-this-test';
const REASONING = 'The total is rounded twice.';
const CALL = { type: 'step', step_id: 't1', kind: 'tool', title: 'Bash: npm test', detail: { input: 'npm test' } };
const CALLED = { ...CALL, status: 'succeeded', elapsed_ms: 1200, detail: { ...CALL.detail, result: '12 passing' } };
const DIFF = {
  ...{ branch: 'conch/task-1', base: '1111111aaaa', commit: '2222222bbbb' },
  stat: ' src/price.ts | 2 +-',
  patch: [
    'diff --git a/src/price.ts b/src/price.ts',
    ...['--- a/src/price.ts', '+++ b/src/price.ts', '@@ -1 +1 @@', '-const total = round(round(sum));'],
    '+const total = round(sum);',
  ].join('\n'),
};

const text = (content: string) => ({ type: 'content', content });

/** The executors are of the test: it claims what is asked, and reports in their name. */
describe('executors on the page', () => {
  let git: GitServer;
  let manager: ExecutorApi;
  let teamId: number;
  const suite = new WebSuite({
    environment: { INTERNAL_API_TOKEN: INTERNAL_TOKEN, GIT_HTTP_HOSTS: '127.0.0.1', EXECUTOR_MAX_ATTEMPTS: '2' },
  });

  beforeAll(async () => {
    const { api } = suite.stage;
    git = await GitServer.start();
    git.tokens.add(GIT_TOKEN);
    git.repositories = [
      { id: 7, path: 'acme/shop', branches: ['main', 'develop'] },
      { id: 8, path: 'acme/site' },
    ];
    await api.call('PUT', '/users/me', {
      git_info: [{ git_domain: git.domain, git_token: GIT_TOKEN, type: 'gitea' }],
    });
    manager = new ExecutorApi(api);
    ({ teamId } = await addExecutorTeam(api, 'Coders', [{ name: 'coder' }], 'solo'));
  });
  afterAll(() => git.stop());

  /** Claims what was asked last. @returns it, and what its executor says */
  async function claim() {
    const claimed = await eventually('it is dispatched', async () => (await manager.dispatch())[0]);
    const executor = new ExecutorApi(suite.stage.api, claimed.auth_token);
    let sent = 0;
    const send = async (...events: object[]) => {
      const { status, body } = await executor.events(claimed.subtask_id, sent + 1, events);
      expect(status).toBe(200);
      sent += events.length;

      return body;
    };
    const report = async (status: string, more: object = {}) => {
      const named = { executor_name: 'conch-1', ...more };
      expect((await executor.report(claimed.subtask_id, status, named)).status).toBe(200);
    };

    return { claimed, send, report };
  }

  const openTeam = () => suite.openChat(`/?team=${teamId}`);
  const choose = async (tab: ChatTab, field: Locator, typed: string, option: string) => {
    await field.fill(typed);
    await tab.page.getByRole('option', { name: option }).click();
    expect(await field.inputValue()).toBe(option);
  };

  /** What is changed at the end of an answer, opened to its lines. */
  async function expectChange(tab: ChatTab): Promise<void> {
    const changes = tab.answer.getByRole('region', { name: 'Changes' });
    await changes.getByText('conch/task-1').waitFor();
    await changes.getByRole('button', { name: '1 file changed' }).click();
    await changes.getByText('src/price.ts').waitFor();
    await changes.getByText('const total = round(sum);').waitFor();
  }

  it('are given a repository and a branch, show their work while it goes on, and answer the next question', async () => {
    const tab = await openTeam();
    const repository = tab.page.getByRole('region', { name: 'Repository' });
    const url = `http://${git.domain}/acme/shop.git`;
    await choose(tab, repository.getByRole('combobox', { name: 'Repository' }), 'shop', url);
    await choose(tab, repository.getByRole('combobox', { name: 'Branch' }), 'dev', 'develop');
    expect(await repository.getByRole('combobox', { name: 'Git account' }).inputValue()).toBe(git.domain);
    await tab.ask('The total is wrong');
    const { claimed, send, report } = await claim();
    expect(claimed).toMatchObject({
      ...{ prompt: 'The total is wrong', git_url: url, git_repo: 'acme/shop', git_domain: git.domain },
      ...{ branch_name: 'develop', user: { git_token: GIT_TOKEN } },
    } satisfies Partial<Dispatched>);

    await send({ type: 'reasoning', content: REASONING }, { ...CALL, status: 'running' });
    await report('RUNNING', { progress: 40, seq: 1, event_id: 'e1' });
    const steps = tab.answer.getByRole('region', { name: 'Steps' });
    const call = steps.getByRole('listitem').getByRole('button', { name: /Bash: npm test/ });
    await call.waitFor();
    await call.getByLabel('running').waitFor();
    await tab.answer.getByRole('progressbar', { name: 'Progress' }).waitFor();
    await tab.answer.getByText('40%').waitFor();
    await send(CALLED, text('It was rounded twice.'));
    await tab.says('It was rounded twice.');
    await call.getByLabel('succeeded').waitFor();
    await call.click();
    for (const shown of ['Input', 'Result', '12 passing', /^1\.2\ss/])
      await steps.getByText(shown, { exact: true }).first().waitFor();
    await tab.page.reload();
    await tab.says('It was rounded twice.');
    await call.waitFor();

    const { type: _type, ...step } = CALLED;
    const result = { value: 'It was rounded twice.', reasoning: REASONING, steps: [step], diff: DIFF };
    await report('COMPLETED', { progress: 100, seq: 2, event_id: 'e2', result });
    await tab.untilComplete();
    expect(await tab.answer.getByRole('progressbar').count()).toBe(0);
    await tab.answer.getByRole('button', { name: /^Thought/ }).click();
    await tab.answer.getByText(REASONING).waitFor();
    await expectChange(tab);

    expect(await repository.count()).toBe(0);
    await tab.ask('And a test for it');
    const next = await claim();
    expect(next.claimed).toMatchObject({ task_id: claimed.task_id, prompt: 'And a test for it', git_url: url });
    await next.send(text('There is one now.'));
    await next.report('COMPLETED', { progress: 100, result: { value: 'There is one now.' } });
    await tab.page.getByRole('article', { name: 'Answer' }).nth(1).waitFor();
    await tab.untilComplete();
    await tab.answer.getByText('There is one now.').waitFor();
  });

  it('are stopped, with what they had written, and confirm it', async () => {
    const tab = await openTeam();
    await tab.ask('Something long');
    const { send, report } = await claim();
    expect((await send(text('The first half.'))).cancelling).toBe(false);
    await tab.says('The first half.');
    await tab.stop();
    await eventually('the executor is told', async () => (await send()).cancelling);
    await report('CANCELLED', { result: { value: 'The first half.' } });
    await tab.says(/^Stopped; the executor has confirmed/);
    await tab.answer.getByText('The first half.').waitFor();
  });

  it('begin again when one is lost; when all are, the question can be asked again', async () => {
    const tab = await openTeam();
    await tab.ask('Something hard');
    const first = await claim();
    await first.send(text('The first attempt.'));
    await tab.says('The first attempt.');
    const lost = (why: string) => manager.release(first.claimed.subtask_id, why);
    expect((await lost('The container is gone')).body.outcome).toBe('offered_again');
    const second = await claim();
    await second.send(text('The second attempt.'));
    const note = tab.answer.getByRole('note');
    await note.getByText('The executor that worked on this was lost. Another one has begun again.').waitFor();
    await tab.says('The second attempt.');
    await note.getByText('What stood here before').click();
    await note.getByText('The first attempt.').waitFor();

    expect((await lost('The container is gone again')).body.outcome).toBe('failed');
    const card = tab.answer.getByRole('alert');
    await card.getByRole('heading', { name: 'The executors fell silent' }).waitFor();
    await card.getByRole('button', { name: 'Try again' }).click();
    const third = await claim();
    await third.send(text('The third attempt.'));
    await third.report('COMPLETED', { progress: 100, result: { value: 'The third attempt.' } });
    await tab.says('The third attempt.');
    await tab.untilComplete();
    expect(await card.count()).toBe(0);
  });
});
