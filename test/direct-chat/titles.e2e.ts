import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type ServerResponse } from 'node:http';
import { closeServer, listen, readBody, sendJson } from '../../tools/shared/http.js';
import type { Api, TaskBody } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { addPipeline } from '../support/content/teams.js';
import { Stage } from '../support/stages/stage.js';
import { TaskEventStream, withTitle } from '../support/streams/task-events.js';

interface ChatBody {
  max_tokens?: number;
  messages: { role: string; content: string }[];
}

const PRICES = { input: 2, output: 10, cached: 0.5, currency: 'EUR' };
const USAGE = { prompt_tokens: 1_000, completion_tokens: 500, prompt_tokens_details: { cached_tokens: 400 } };
/** (600 * 2 + 400 * 0.5 + 500 * 10) / 1e6 */
const COST = 0.0064;

/** A provider whose titles are what the test wants; it answers all other questions alike. */
class TitleProvider {
  readonly titleRequests: ChatBody[] = [];
  onTitle: (res: ServerResponse) => void = (res) => this.say(res, '"Sea Snails and Shells."');
  /** Whether answers go on and on after their usage. */
  isEndless = false;
  url = '';
  private readonly server = createServer((req, res) => {
    void readBody(req).then((body) => this.answer(body as ChatBody, res));
  });

  async start(): Promise<void> {
    this.url = `http://127.0.0.1:${await listen(this.server, 0, '127.0.0.1')}/v1`;
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }

  say(res: ServerResponse, content: string): void {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    this.chunk(res, { choices: [{ index: 0, delta: { content } }] });
    this.chunk(res, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    this.chunk(res, { choices: [], usage: USAGE });
    res.end('data: [DONE]\n\n');
  }

  private answer(body: ChatBody, res: ServerResponse): void {
    if (body.messages[0]?.content.startsWith('You write titles')) {
      this.titleRequests.push(body);
      this.onTitle(res);
    } else if (this.isEndless) {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      this.chunk(res, { choices: [{ index: 0, delta: { content: 'Well' } }], usage: USAGE });
      this.chunk(res, { choices: [{ index: 0, delta: { content: ', ' } }], usage: USAGE });
    } else {
      this.say(res, 'They live in the sea.');
    }
  }

  private chunk(res: ServerResponse, chunk: object): void {
    res.write(`data: ${JSON.stringify({ object: 'chat.completion.chunk', ...chunk })}\n\n`);
  }
}

describe('titles and costs of conversations', () => {
  const provider = new TitleProvider();
  let stage: Stage;
  let api: Api;
  let teamId: number;

  beforeAll(async () => {
    stage = await Stage.start('embedded', { AUTO_TITLES: 'on' });
    api = stage.api;
    await provider.start();
    const model = { name: 'own', provider: 'openai', modelId: 'm', baseUrl: provider.url, apiKey: 'sk-0123456789' };
    const { status, text } = await api.post('/models', { ...model, parameters: { maxTokens: 9_000, prices: PRICES } });
    if (status >= 300) throw new Error(text);
    teamId = await addPipeline(api, 'own', ['own']);
  });

  afterAll(() => endAll(stage, { stop: () => provider.close() }));

  const ask = (prompt: string, more: object = {}) => api.turn({ team_id: teamId, prompt, ...more });
  const titleOf = async (taskId: number) => (await api.task(taskId)).title;

  it('are written by the model after the first answer, once, and shown in live events', async () => {
    const events = await TaskEventStream.open(stage.server(0), null);
    const { taskId } = await ask('Where do sea snails live, and what are their shells made of?');
    await events.until(withTitle('Sea Snails and Shells'));
    const [request] = provider.titleRequests;

    expect(request).toMatchObject({ max_tokens: 300 });
    expect(request?.messages.at(-1)?.content).toContain('They live in the sea.');
    await ask('And what do they eat?', { task_id: taskId });
    const found = await api.get<{ total: number }>('/tasks/search?title=snails%20AND');
    expect([provider.titleRequests.length, found.body.total]).toEqual([1, 1]);
    events.close();
  });

  it('are not written where the user gave one, and never replace it', async () => {
    const before = provider.titleRequests.length;
    const given = await ask('Any question', { title: 'Mine' });
    let release: () => void = () => undefined;
    provider.onTitle = (res) => {
      release = () => provider.say(res, 'Of the model');
    };
    const { taskId } = await ask('A question whose title comes late');
    await eventually('the title is asked for', () => provider.titleRequests.length === before + 1);
    await api.call('PUT', `/tasks/${taskId}`, { title: 'Given meanwhile' });
    release();
    provider.onTitle = (res) => provider.say(res, 'Another');
    const other = await ask('Another question');
    await eventually('a later title is there', async () => (await titleOf(other.taskId)) === 'Another');

    expect([await titleOf(given.taskId), await titleOf(taskId)]).toEqual(['Mine', 'Given meanwhile']);
  });

  it('stay the beginning of the prompt when the model refuses, says nothing or hangs, which holds up no answer', async () => {
    const replies: ((res: ServerResponse) => void)[] = [
      (res) => sendJson(res, 401, { error: { message: 'no' } }),
      (res) => provider.say(res, ' "" '),
      () => undefined,
    ];
    for (const [index, reply] of replies.entries()) {
      const before = provider.titleRequests.length;
      provider.onTitle = reply;
      const prompt = `Question ${index}`;
      const { taskId, terminal } = await ask(prompt);
      await eventually('the title is asked for', () => provider.titleRequests.length > before);
      const next = await ask('Next', { task_id: taskId });

      expect([terminal?.type, next.terminal?.type, await titleOf(taskId)]).toEqual(['done', 'done', prompt]);
    }
  });

  it('are not asked of the simulator', async () => {
    const { taskId } = await api.turn('Hello [sim tokens=2 rate=0]');
    provider.onTitle = (res) => provider.say(res, 'Later');
    const other = await ask('A later one');
    await eventually('the later title is there', async () => (await titleOf(other.taskId)) === 'Later');

    expect(await titleOf(taskId)).toBe('Hello [sim tokens=2 rate=0]');
    expect(stage.simulator.requests.filter(({ body }) => JSON.stringify(body).includes('titles'))).toEqual([]);
  });

  it('cost nothing that answers show: their costs follow from the prices of the model', async () => {
    const turn = await ask('What does this cost?');
    await ask('And this?', { task_id: turn.taskId });
    const task = (await api.get<TaskBody & { usage: object }>(`/tasks/${turn.taskId}`)).body;
    const usage = { input_tokens: 1_000, output_tokens: 500, total_tokens: 1_500, cached_tokens: 400 };

    expect(turn.terminal).toMatchObject({ type: 'done', usage: { ...usage, cost: COST, currency: 'EUR' } });
    expect(task.subtasks[1]?.result).toMatchObject({
      ...{ usage: { ...usage, cost: COST, currency: 'EUR' }, model: 'own' },
      ...{ elapsed_ms: expect.any(Number), first_token_ms: expect.any(Number) },
    });
    expect(task.usage).toEqual({
      ...{ input_tokens: 2_000, output_tokens: 1_000, total_tokens: 3_000, cost: 2 * COST, currency: 'EUR' },
    });
  });

  it('keep the cost of a stopped answer as far as it was told', async () => {
    provider.isEndless = true;
    const stream = await api.ask({ team_id: teamId, prompt: 'Never ends' });
    await stream.untilType('content');
    const { data: start } = await stream.untilType('start');
    const taskId = start.type === 'start' ? start.task_id : 0;
    await api.cancel(taskId);
    await stream.untilClosed();
    provider.isEndless = false;
    const task = (await api.get<TaskBody & { usage: object }>(`/tasks/${taskId}`)).body;

    expect(stream.events.at(-1)?.data).toMatchObject({ type: 'cancelled', usage: { cost: COST } });
    expect(task.subtasks[1]).toMatchObject({ status: 'CANCELLED', result: { usage: { cost: COST } } });
    expect(task.usage).toMatchObject({ total_tokens: 1_500, cost: COST, currency: 'EUR' });
  });

  it('refuses prices that are none', async () => {
    const model = { name: 'bad', provider: 'openai', modelId: 'm', baseUrl: provider.url };
    const problems = async (prices: unknown) =>
      (await api.post<{ errors?: { field: string }[] }>('/models', { ...model, parameters: { prices } })).body.errors;

    expect(await problems({ input: -1, output: 1, currency: 'EUR' })).toMatchObject([
      { field: 'parameters.prices.input' },
    ]);
    expect(await problems({ input: 1, output: 1, currency: 'eur' })).toMatchObject([
      { field: 'parameters.prices.currency' },
    ]);
    expect(await problems('free')).not.toHaveLength(0);
  });
});
