import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { InputRequiredEvent } from '../../src/common/contracts/chat-event.js';
import { type Api, started } from '../support/api.js';
import { endAll, nth } from '../support/child.js';
import { addDifyBot, difyRuns, openSteps } from '../support/content/dify.js';
import { addModel } from '../support/content/models.js';
import { shapeOf, textsOf } from '../support/content/pipelines.js';
import { flaws, fold } from '../support/streams/sse.js';
import { Stage } from '../support/stages/stage.js';
import { add } from '../support/content/teams.js';

/** Each step says something else. */
const TEXTS = [generatedText(8, 6), generatedText(9, 8)] as const;
const SCRIPTS = ['tokens=8 size=6 rate=0', 'tokens=9 size=8 rate=0'] as const;
const APP_EVENTS = /\b(step|usage|suggestions|content)\b/g;

describe('a pipeline with Dify apps', () => {
  let stage: Stage;
  let api: Api;
  let added = 0;

  beforeAll(async () => {
    stage = await Stage.start('embedded', { MAX_CONCURRENT_DIRECT_CHATS: '1' });
    api = stage.api;
  });
  afterAll(() => endAll(stage));

  /** @param kind `model`, or the mode of an app @returns the bot, and what tells its requests from others */
  async function member(kind: string, script: string) {
    const name = `p${(added += 1)}-${kind}`;
    if (kind !== 'model') {
      const key = `app-${name}`;

      return { key, botId: await addDifyBot(stage, api, key, { DIFY_PARAMS: { script: `[sim ${script}]` } }) };
    }
    const modelId = `sim:${script.replaceAll(' ', ',')}`;
    const model = await addModel(api, { name, baseUrl: `${stage.simulator.url}/openai/v1`, modelId });
    const bot = { name, shell_name: 'Chat', agent_config: { bind_model: model }, system_prompt: `I am ${name}.` };

    return { key: `I am ${name}.`, botId: await add(api, '/bots', bot) };
  }

  async function team(kinds: readonly string[], scripts: readonly string[] = SCRIPTS) {
    const members = await Promise.all(kinds.map((kind, index) => member(kind, nth(scripts, index))));
    const bots = members.map(({ botId }) => ({ bot_id: botId }));
    const name = `line ${members.map(({ botId }) => botId).join('-')}`;
    const teamId = await add(api, '/teams', { name, bots, workflow: { mode: 'pipeline' } });

    return { teamId, keys: members.map(({ key }) => key) };
  }

  /** Bodies of what a member was asked. */
  const asked = (key: string): unknown[] =>
    key.startsWith('app-')
      ? difyRuns(stage, key)
      : stage.simulator.requests.map(({ body }) => body).filter((body) => JSON.stringify(body).includes(key));

  async function stepsOf(taskId: number) {
    const { subtasks } = await api.task(taskId);

    return subtasks.filter(({ role }) => role === 'ASSISTANT');
  }

  it.each([
    ['workflow', 'model'],
    ['advanced-chat', 'model'],
    ['model', 'workflow'],
    ['model', 'chat'],
    ['chat', 'workflow'],
    ['completion', 'agent'],
  ])('answers in one stream: %s, then %s', async (...kinds) => {
    const { teamId, keys } = await team(kinds);
    const { taskId, stream, terminal } = await api.turn({ prompt: 'Write a poem', team_id: teamId });
    const steps = await stepsOf(taskId);

    expect(flaws(stream.events)).toEqual([]);
    expect(shapeOf(stream.events).replace(APP_EVENTS, '').split(/ +/)).toEqual(['start1', 'start2', 'done']);
    expect(terminal).toMatchObject({ type: 'done', finish_reason: 'stop', usage: { output_tokens: 9 } });
    expect([...textsOf(stream.events)]).toEqual(steps.map(({ id }, index) => [id, TEXTS[index]]));
    expect(steps.map(({ status, result }) => [status, result?.value])).toEqual(
      TEXTS.map((text) => ['COMPLETED', text]),
    );
    // What an app does is told of its own answer only.
    const hasNodes = (kind: string) => kind === 'workflow' || kind === 'advanced-chat';
    const isApp = (kind: string) => kind !== 'model';
    expect(steps.map(({ result }) => Array.isArray(result?.['steps']))).toEqual(kinds.map(hasNodes));
    expect(steps.map(({ result }) => typeof result?.['message_id'] === 'string')).toEqual(
      kinds.map((kind) => isApp(kind) && kind !== 'workflow'),
    );
    for (const { result } of steps) expect(openSteps(result)).toEqual([]);
    const [first = [], second = []] = keys.map(asked);
    expect([first.length, second.length]).toEqual([1, 1]);
    expect(JSON.stringify(first)).not.toContain('Previous execution result');
    expect(JSON.stringify(second)).toContain(`Write a poem\\nPrevious execution result: ${TEXTS[0]}`);
    for (const [index, { id }] of stream.events.slice(0, -1).entries()) {
      const rest = await (await api.attach(taskId, id)).untilClosed();
      expect(rest.events.map(({ data }) => data)).toEqual(stream.events.slice(index + 1).map(({ data }) => data));
    }
  });

  it('goes on with the conversation of each app', async () => {
    const { teamId, keys } = await team(['chat', 'advanced-chat']);
    const { taskId } = await api.turn({ prompt: 'Write a poem', team_id: teamId });
    const next = await api.turn({ prompt: 'Another', task_id: taskId });

    expect([next.terminal?.type, next.content]).toEqual(['done', TEXTS[1]]);
    const told = keys.map((key) => asked(key).map((body) => (body as Record<string, string>)['conversation_id']));
    for (const ids of told) expect(ids).toEqual(['', expect.stringMatching(/^[\da-f-]{36}$/)]);
    expect(new Set(told.flat()).size).toBe(3);
  });

  it.each([
    ['first', ['workflow', 'model'], ['tokens=8 size=6 rate=0 case=human-input', SCRIPTS[1]]],
    ['last', ['model', 'workflow'], [SCRIPTS[0], 'tokens=9 size=8 rate=0 case=human-input']],
  ] as const)('goes on when a person has answered the %s step', async (_which, kinds, scripts) => {
    const { teamId, keys } = await team(kinds, scripts);
    const stream = await api.ask({ prompt: 'Write a poem', team_id: teamId });
    const { taskId } = await started(stream);
    const { form } = (await stream.untilType('input_required')).data as InputRequiredEvent;
    const input = { form_token: form.form_token, action: 'approve', inputs: { comment: 'fine' } };
    // It takes no place meanwhile: there is one.
    const other = await team(['model', 'model']);
    await api.turn({ prompt: 'Between', team_id: other.teamId });
    const reply = await api.post(`/direct-chat/${taskId}/input`, input);
    await stream.untilClosed();
    const steps = await stepsOf(taskId);

    expect(reply.status).toBe(200);
    expect(flaws(stream.events)).toEqual([]);
    expect([...textsOf(stream.events)]).toEqual(steps.map(({ id }, index) => [id, TEXTS[index]]));
    expect(fold(stream.events).terminal?.type).toBe('done');
    expect(steps.map(({ status, result }) => [status, result?.value])).toEqual(
      TEXTS.map((text) => ['COMPLETED', text]),
    );
    for (const { result } of steps) expect(openSteps(result)).toEqual([]);
    expect(keys.map((key) => asked(key).length)).toEqual([1, 1]);
  });

  it.each([
    [1, ['workflow', 'model'], ['tokens=2000 rate=100 stop_ms=200', SCRIPTS[1]], ['CANCELLED', 'CANCELLED']],
    [2, ['model', 'chat'], [SCRIPTS[0], 'tokens=2000 rate=100 stop_ms=200'], ['COMPLETED', 'CANCELLED']],
  ] as const)('stops the app when it is cancelled in step %i', async (place, kinds, scripts, statuses) => {
    const { teamId } = await team(kinds, scripts);
    const stream = await api.ask({ prompt: 'Write a poem', team_id: teamId });
    const { taskId } = await started(stream);
    await stream.until(() => Boolean([...textsOf(stream.events).values()][place - 1]));
    const reply = await api.cancel<object>(taskId);
    await stream.untilClosed();
    const steps = await stepsOf(taskId);

    expect(reply.body).toMatchObject({ status: 'CANCELLED', proof: { dify_stop: 'confirmed', while: 'running' } });
    expect(flaws(stream.events)).toEqual([]);
    expect(steps.map(({ status }) => status)).toEqual(statuses);
    for (const { result } of steps) expect(openSteps(result)).toEqual([]);
    expect(stage.simulator.dify.activeRuns).toBe(0);
  });

  it('ends with the step whose app fails', async () => {
    const { teamId, keys } = await team(['workflow', 'model'], ['tokens=8 rate=0 case=failed after=3', SCRIPTS[1]]);
    const { taskId, stream, terminal } = await api.turn({ prompt: 'Write a poem', team_id: teamId });
    const steps = await stepsOf(taskId);

    expect(flaws(stream.events)).toEqual([]);
    expect(terminal?.type).toBe('error');
    expect(steps.map(({ status }) => status)).toEqual(['FAILED', 'CANCELLED']);
    for (const { result } of steps) expect(openSteps(result)).toEqual([]);
    expect(asked(nth(keys, 1))).toEqual([]);
  });
});
