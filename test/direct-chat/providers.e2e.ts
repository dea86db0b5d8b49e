import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { Api, Turn } from '../support/api.js';
import { endAll, freePort } from '../support/child.js';
import { addModel, TEST_KEY } from '../support/content/models.js';
import { flaws } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

const REFUSED: [string, string, number | undefined][] = [
  ['case=auth', 'provider_auth', 401],
  ['case=permission', 'provider_auth', 403],
  ['case=not-found', 'provider_not_found', 404],
  ['case=http-error status=400', 'provider_bad_request', 400],
  ['case=html-200', 'provider_protocol', undefined],
];
const RETRIED: [string, string][] = [
  ['case=rate-limited retry_after=0', 'provider_rate_limited'],
  ['case=overloaded', 'provider_overloaded'],
  ['case=html-502', 'provider_unavailable'],
  ['case=server-error', 'provider_unavailable'],
];
const ONCE = [['rate-limited'], ['overloaded'], ['html-502'], ['server-error']] as const;
const HANG = 'case=hang-before-headers';
const SPECIAL: [string, string, unknown][] = [
  ['prompt-too-long', 'demo-team', 'context_too_long'],
  ['too-large-html', 'demo-team', 'context_too_long'],
  ['context-length', 'demo-openai-team', 'context_too_long'],
  ['quota', 'demo-openai-team', 'provider_rate_limited'],
  ['json-error-200', 'demo-openai-team', expect.stringMatching(/^provider_/)],
  ['only-pings', 'demo-team', 'provider_timeout'],
  ['only-comments', 'demo-openai-team', expect.stringMatching(/^provider_(idle_)?timeout$/)],
];

/** A turn that was asked beside others, and how often the provider was asked for it. */
interface Asked {
  turn: Turn;
  requests: () => number;
}

describe('failures of providers', () => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    const timeouts = {
      PROVIDER_CONNECT_TIMEOUT_MS: '1500',
      PROVIDER_FIRST_TOKEN_TIMEOUT_MS: '3000',
      PROVIDER_IDLE_TIMEOUT_MS: '1000',
      PROVIDER_TOTAL_TIMEOUT_MS: '12000',
      MAX_RUNNING_TASKS_PER_USER: '100',
    };
    stage = await Stage.start('embedded', timeouts);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  let count = 0;

  async function ask(text: string, team: string): Promise<Asked> {
    const greeting = `Greeting ${(count += 1)}.`;
    const turn = await api.turn({ team_name: team, prompt: script(text, greeting) });
    const isOfTurn = ({ body }: { body: unknown }) => JSON.stringify(body).includes(greeting);

    return { turn, requests: () => stage.simulator.requests.filter(isOfTurn).length };
  }

  /** Whatever went wrong: one error event, one state, one text. */
  async function expectFailure(turn: Turn, code: string): Promise<void> {
    expect(flaws(turn.stream.events)).toEqual([]);
    expect(turn.terminal).toMatchObject({
      type: 'error',
      code,
      error: expect.stringMatching(/\S/),
      retryable: expect.any(Boolean),
    });
    const task = await api.task(turn.taskId);
    const message = turn.terminal?.type === 'error' ? turn.terminal.error : '';
    expect(task).toMatchObject({ status: 'FAILED', error_message: message });
    expect(task.subtasks.at(-1)).toMatchObject({ status: 'FAILED', result: { value: turn.content } });
  }

  describe.each([['demo-team'], ['demo-openai-team']])('%s', (team) => {
    const cut: [string, unknown][] = [
      ['hang-after-delta', 'provider_idle_timeout'],
      ['disconnect', 'provider_truncated'],
      [team === 'demo-team' ? 'eof-after-text' : 'eof', 'provider_truncated'],
      [
        team === 'demo-team' ? 'error-after-text' : 'error-mid-stream',
        expect.stringMatching(/^provider_(overloaded|unavailable)$/),
      ],
    ];
    const cutAt5 = (name: string) => `case=${name} tokens=20 after=5 rate=200`;
    const once = (name: string) => `case=${name} tokens=4 rate=0 key=${team}-${name}`;
    const asked = new Map<string, Promise<Asked>>();

    beforeAll(() => {
      const scripts = [
        ...[...REFUSED, ...RETRIED].map(([text]) => text),
        ...ONCE.map(([name]) => once(name)),
        ...cut.map(([name]) => cutAt5(name)),
        HANG,
      ];
      for (const text of scripts) asked.set(text, ask(text, team));
    });

    it.each(REFUSED)('%s before any text: %s', async (text, code, status) => {
      const { turn, requests } = (await asked.get(text)) as Asked;

      await expectFailure(turn, code);
      expect(turn.content).toBe('');
      if (status !== undefined) expect(turn.terminal).toMatchObject({ provider_status: status });
      expect(requests()).toBe(1);
    });

    it.each(RETRIED)('%s every time: tried again, then %s', async (text, code) => {
      const { turn, requests } = (await asked.get(text)) as Asked;

      await expectFailure(turn, code);
      expect(turn.terminal).toMatchObject({ retryable: true });
      expect(requests()).toBeGreaterThan(1);
    });

    it.each(ONCE)('%s once: the answer comes', async (name) => {
      const { turn } = (await asked.get(once(name))) as Asked;

      expect(flaws(turn.stream.events)).toEqual([]);
      expect(turn).toMatchObject({ content: generatedText(4), terminal: { type: 'done' } });
    });

    it.each(cut)('%s: the text so far is kept', async (name, code) => {
      const { turn } = (await asked.get(cutAt5(name))) as Asked;

      await expectFailure(turn, code as string);
      expect(turn.content).toBe(generatedText(5));
    });

    it('hang-before-headers: given up', async () => {
      const { turn } = (await asked.get(HANG)) as Asked;

      await expectFailure(turn, 'provider_timeout');
      expect(stage.simulator.counters.aborts).toBeGreaterThan(0);
    });

    it('the conversation goes on after a failure', async () => {
      const failed = await api.turn({ team_name: team, prompt: script('case=auth') });
      const next = await api.turn({ task_id: failed.taskId, prompt: script('tokens=3 rate=0') });

      expect(next).toMatchObject({ content: generatedText(3), terminal: { type: 'done' } });
    });
  });

  describe('one provider alone', () => {
    const asked = new Map<string, Promise<Asked>>();

    beforeAll(() => {
      for (const [name, team] of SPECIAL) asked.set(name, ask(`case=${name}`, team));
    });

    it.each(SPECIAL)('%s of %s: %s', async (name, _team, code) => {
      const { turn } = (await asked.get(name)) as Asked;

      await expectFailure(turn, code as string);
    });
  });

  it.each([
    ['does not resolve', 'http://nowhere.invalid/v1'],
    ['refuses connections', 'http://127.0.0.1:9/v1'],
    ['is a private address', 'http://10.255.255.1/v1'],
    ['is the metadata service', 'http://169.254.169.254/v1'],
  ])('a base URL that %s', async (what, baseUrl) => {
    const model = await addModel(api, { name: `at-${what.replaceAll(' ', '-')}`, baseUrl });
    const turn = await api.turn({ model_id: model, prompt: 'Hello' });

    await expectFailure(turn, /private|metadata/.test(what) ? 'provider_blocked' : 'provider_unavailable');
  });

  it('a redirect to another host is not followed', async () => {
    let asked = 0;
    const other = createServer((_request, reply) => {
      asked += 1;
      reply.end();
    });
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const first = createServer((_request, reply) =>
      reply.writeHead(307, { location: `http://127.0.0.1:${port}/v1` }).end(),
    );
    const firstPort = await freePort();
    await new Promise<void>((resolve) => first.listen(firstPort, '127.0.0.1', resolve));
    try {
      const model = await addModel(api, { name: 'redirected', baseUrl: `http://127.0.0.1:${firstPort}/v1` });
      const turn = await api.turn({ model_id: model, prompt: 'Hello' });

      await expectFailure(turn, 'provider_not_found');
      expect(asked).toBe(0);
    } finally {
      other.close();
      first.close();
    }
  });

  it('never shows an API key: not in replies, not in events, not in logs', async () => {
    const bad = 'bad-key-7777777777-do-not-print-me';
    const shown: string[] = [];
    for (const [provider, path] of [
      ['openai', 'openai/v1'],
      ['claude', 'claude'],
    ] as const) {
      const model = await addModel(api, {
        name: `leaky-${provider}`,
        provider,
        baseUrl: `${stage.simulator.url}/${path}`,
        apiKey: bad,
      });
      const turn = await api.turn({ model_id: model, prompt: 'Hello' });
      await expectFailure(turn, 'provider_auth');
      shown.push(JSON.stringify(turn.stream.events), (await api.get(`/tasks/${turn.taskId}`)).text);
    }
    for (const path of ['/models', '/models/unified?include_config=true', '/tasks', '/metrics'])
      shown.push((await api.get(path)).text);
    shown.push(stage.server(0).logs);

    expect(stage.simulator.requests.some(({ headers }) => JSON.stringify(headers).includes(bad))).toBe(true);
    for (const text of shown) {
      expect(text).not.toContain(bad);
      expect(text).not.toContain(TEST_KEY);
      expect(text).not.toContain('do-not-print');
    }
  });
});
