import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { Api } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { addTask, type Dispatched, ExecutorApi, INTERNAL_TOKEN, untilTask } from '../support/executors/executors.js';
import { MixedLine, type StepKind } from '../support/content/mixed-line.js';
import { shapeOf, textsOf } from '../support/content/pipelines.js';
import { flaws, isTerminal, type Received, type SseStream } from '../support/streams/sse.js';
import { Stage } from '../support/stages/stage.js';

const TEXTS = [generatedText(8, 6), generatedText(9, 8), generatedText(7, 5)];
const SCRIPTS = ['tokens=8 size=6 rate=0', 'tokens=9 size=8 rate=0', 'tokens=7 size=5 rate=0'];
const ENDLESS = 'tokens=2000 rate=100';
const DETAILS = /\b(step|usage|suggestions|content|queued)\b/g;

const text = (content: string) => ({ type: 'content', content });
const beginnings = (events: readonly Received[]) => shapeOf(events).replace(DETAILS, '').trim().split(/ +/);

/** Two replicas: what one receives is read at the other. */
describe('pipelines of direct chat, apps and executors', () => {
  let stage: Stage;
  let replicas: [Api, Api];
  let manager: ExecutorApi;

  beforeAll(async () => {
    const environment = {
      ...{ INTERNAL_API_TOKEN: INTERNAL_TOKEN, JWT_SECRET: 'a-secret-of-both-replicas-0123456789abcdef' },
      ...{ EXECUTOR_LEASE_SECONDS: '2', MAX_RUNNING_TASKS_PER_USER: '1000' },
    };
    stage = await Stage.start('distributed', environment, 2);
    replicas = [stage.server(0).api, stage.server(1).api];
    manager = new ExecutorApi(stage.api);
  });
  afterAll(() => endAll(stage));

  async function ask(line: MixedLine, more: object = {}): Promise<{ stream: SseStream; taskId: number }> {
    const stream = await replicas[1].ask({ prompt: 'Write a poem', team_id: line.teamId, ...more });
    if (!stream.isStream) throw new Error(`HTTP ${stream.status}: ${(await stream.untilClosed()).text}`);

    return { stream, taskId: Number(stream.headers['x-task-id']) };
  }

  const claimed = (): Promise<Dispatched> => eventually('a step is offered', async () => (await manager.dispatch())[0]);

  /** Answers as an executor does whose result says more than its events. */
  async function work(line: MixedLine, task: Dispatched, value: string): Promise<void> {
    await line.executorOf(task, 1).events(task.subtask_id, 1, [text(value.slice(0, 3))]);
    await line.executorOf(task).report(task.subtask_id, 'COMPLETED', { result: { value } });
  }

  /** Answers the next steps of executors, one after the other. */
  async function workAll(line: MixedLine, values: readonly string[]): Promise<Dispatched[]> {
    const tasks: Dispatched[] = [];
    for (const value of values) {
      const task = await claimed();
      await work(line, task, value);
      tasks.push(task);
    }

    return tasks;
  }

  it.each<[readonly StepKind[]]>([
    [['chat', 'code', 'workflow']],
    [['code', 'chat']],
    [['workflow', 'code', 'code']],
    [['code', 'workflow', 'code']],
  ])('%j answer in one stream, each with what the step before has said', async (kinds) => {
    const line = await MixedLine.add(stage, kinds, SCRIPTS);
    const { stream, taskId } = await ask(line);
    const isCode = (index: number) => kinds[index] === 'code';
    const wanted = kinds.map((_kind, index) => (isCode(index) ? `coded ${index}` : nth(TEXTS, index)));
    const tasks = await workAll(
      line,
      wanted.filter((_value, index) => isCode(index)),
    );
    await stream.untilClosed();
    const steps = await line.steps(taskId);

    expect(flaws(stream.events)).toEqual([]);
    expect(beginnings(stream.events)).toEqual([...kinds.map((_kind, index) => `start${index + 1}`), 'done']);
    expect([...textsOf(stream.events)]).toEqual(steps.map(({ id }, index) => [id, wanted[index]]));
    expect(steps.map(({ status, result }) => [status, result?.value])).toEqual(
      wanted.map((value) => ['COMPLETED', value]),
    );
    const asked = kinds.map((_kind, index) =>
      isCode(index) ? [tasks.shift()?.prompt] : line.asked(index + 1).map((body) => JSON.stringify(body)),
    );
    expect(asked.map((requests) => requests.length)).toEqual(kinds.map(() => 1));
    for (const [index, [request]] of asked.entries()) {
      if (index === 0) expect(request).not.toContain('Previous execution result');
      else
        expect(request).toMatch(new RegExp(`Write a poem(\\n|\\\\n)Previous execution result: ${wanted[index - 1]}`));
    }
    const starts = stream.events.flatMap(({ data }) =>
      data.type === 'start' ? [[data.attempt, data.shell_type]] : [],
    );
    const shells = { chat: 'Chat', workflow: 'Dify', code: 'ClaudeCode' };
    expect(starts).toEqual(kinds.map((kind) => [1, shells[kind]]));
    const hasAll = async () => (await replicas[0].attach(taskId, stream.lastId)).status === 204;
    await eventually('the log has the end', hasAll);
    for (const [index, { id, seq }] of stream.events.slice(0, -1).entries()) {
      const rest = await (await nth(replicas, index % 2).attach(taskId, id)).untilClosed();
      expect(flaws(rest.events, seq)).toEqual([]);
      expect(rest.events.map(({ data }) => data)).toEqual(stream.events.slice(index + 1).map(({ data }) => data));
    }
    expect(await stage.api.task(taskId)).toMatchObject({ status: 'COMPLETED', result: { value: wanted.at(-1) } });
  });

  it('a reader that left before a step of another backend gets the rest, in order', async () => {
    const line = await MixedLine.add(stage, ['chat', 'code', 'chat'], SCRIPTS);
    const { stream, taskId } = await ask(line);
    const task = await claimed();
    await stream.untilType('content');
    stream.close();
    const before = stream.events.length;
    await work(line, task, 'coded');
    await untilTask(stage.api, taskId, 'COMPLETED');
    const rest = await (await replicas[0].attach(taskId, stream.lastId)).untilClosed();
    const all = [...stream.events, ...rest.events];

    expect(before).toBe(stream.events.length);
    expect(flaws(all)).toEqual([]);
    expect([...textsOf(all).values()]).toEqual([TEXTS[0], 'coded', TEXTS[2]]);
    expect(all.filter(({ data }) => isTerminal(data)).length).toBe(1);
  });

  it.each<[readonly StepKind[], readonly string[]]>([
    [
      ['code', 'chat'],
      ['coded', nth(TEXTS, 1)],
    ],
    [
      ['chat', 'code'],
      [nth(TEXTS, 0), 'coded'],
    ],
  ])('%j run without a client, from the tasks API', async (kinds, values) => {
    const line = await MixedLine.add(stage, kinds, SCRIPTS);
    const taskId = await addTask(stage.api, line.teamId);
    await workAll(line, ['coded']);
    expect((await untilTask(stage.api, taskId, 'COMPLETED')).result?.value).toBe(values[1]);
    const late = await (await replicas[1].attach(taskId)).untilClosed();

    expect(flaws(late.events)).toEqual([]);
    expect(beginnings(late.events)).toEqual(['start1', 'start2', 'done']);
    expect([...textsOf(late.events).values()]).toEqual(values);
  });

  it('goes on with a next turn: executors keep their session, models know what was said', async () => {
    const line = await MixedLine.add(stage, ['code', 'chat'], SCRIPTS);
    const { stream, taskId } = await ask(line);
    const task = await claimed();
    await line.executorOf(task).events(task.subtask_id, 1, [text('cod')], { executor_name: 'box-1' });
    const end = { result: { value: 'coded' }, executor_name: 'box-1' };
    await line.executorOf(task).report(task.subtask_id, 'COMPLETED', end);
    await stream.untilClosed();
    const next = await ask(line, { task_id: taskId, prompt: 'Another' });
    const again = await claimed();
    await work(line, again, 'coded again');
    await next.stream.untilClosed();

    expect([again.executor_name, again.prompt]).toEqual(['box-1', 'Another']);
    expect(flaws(next.stream.events)).toEqual([]);
    expect([...textsOf(next.stream.events).values()]).toEqual(['coded again', TEXTS[1]]);
    const second = JSON.stringify(line.asked(2).at(-1));
    for (const said of ['Write a poem', nth(TEXTS, 1), 'Another\\nPrevious execution result: coded again'])
      expect(second).toContain(said);
  });

  it.each<[string, readonly StepKind[], readonly string[], number, readonly string[]]>([
    ['chat', ['chat', 'code'], [ENDLESS, ''], 1, ['CANCELLED', 'CANCELLED']],
    ['app', ['code', 'workflow', 'code'], ['', ENDLESS, ''], 2, ['COMPLETED', 'CANCELLED', 'CANCELLED']],
    ['executor', ['chat', 'code', 'chat'], SCRIPTS, 2, ['COMPLETED', 'CANCELLED', 'CANCELLED']],
  ])('is cancelled in the step of a %s', async (kind, kinds, scripts, place, statuses) => {
    const line = await MixedLine.add(stage, kinds, scripts);
    const { stream, taskId } = await ask(line);
    if (kinds[0] === 'code') await workAll(line, ['coded']);
    const executed = kind === 'executor' ? await claimed() : null;
    const executor = executed && line.executorOf(executed);
    if (executed) await executor?.events(executed.subtask_id, 1, [text('partial')]);
    await stream.until(() => Boolean([...textsOf(stream.events).values()][place - 1]));
    const cancelled = replicas[0].cancel(taskId);
    if (executed && executor) {
      const beat = () => executor.events(executed.subtask_id, 2, []);
      await eventually('the executor is told', async () => (await beat()).body.cancelling);
      await executor.report(executed.subtask_id, 'CANCELLED', { result: { value: 'partial' } });
    }
    expect((await cancelled).status).toBe(200);
    await stream.untilClosed();

    expect(flaws(stream.events)).toEqual([]);
    expect(stream.events.at(-1)?.data).toMatchObject({ type: 'cancelled', proof: { while: 'running' } });
    expect((await line.steps(taskId)).map(({ status }) => status)).toEqual(statuses);
    expect((await stage.api.task(taskId)).status).toBe('CANCELLED');
    expect(await manager.dispatch()).toEqual([]);
    expect(stage.simulator.dify.activeRuns).toBe(0);
  });

  it('is cancelled while a step waits for an executor', async () => {
    const line = await MixedLine.add(stage, ['chat', 'code'], SCRIPTS);
    const { stream, taskId } = await ask(line);
    await eventually('the first step is complete', async () => (await line.steps(taskId))[0]?.status === 'COMPLETED');
    expect((await replicas[0].cancel(taskId)).status).toBe(200);
    await stream.untilClosed();

    expect(stream.events.at(-1)?.data).toMatchObject({ type: 'cancelled', proof: { while: 'queued' } });
    expect(flaws(stream.events)).toEqual([]);
    expect((await line.steps(taskId)).map(({ status }) => status)).toEqual(['COMPLETED', 'CANCELLED']);
    expect(await manager.dispatch()).toEqual([]);
  });

  it('ends with the step that fails, and a retry begins again', async () => {
    const line = await MixedLine.add(stage, ['chat', 'code', 'chat'], SCRIPTS);
    const { stream, taskId } = await ask(line);
    const task = await claimed();
    const failure = { error_message: 'the key is wrong', error_code: 'provider_auth' };
    await line.executorOf(task).report(task.subtask_id, 'FAILED', failure);
    await stream.untilClosed();
    expect(flaws(stream.events)).toEqual([]);
    expect(stream.events.at(-1)?.data).toMatchObject({ type: 'error', code: 'provider_auth' });
    expect((await line.steps(taskId)).map(({ status }) => status)).toEqual(['COMPLETED', 'FAILED', 'CANCELLED']);
    expect(line.asked(3)).toEqual([]);

    expect((await stage.api.post(`/tasks/${taskId}/retry`)).status).toBe(201);
    await workAll(line, ['coded']);
    expect((await untilTask(stage.api, taskId, 'COMPLETED')).result?.value).toBe(TEXTS[2]);
  });

  it('offers the step of a lost executor again, and goes on behind the one that completes it', async () => {
    const line = await MixedLine.add(stage, ['chat', 'code', 'chat'], SCRIPTS);
    const { stream, taskId } = await ask(line);
    const lost = await claimed();
    await line.executorOf(lost).events(lost.subtask_id, 1, [text('lost')]);
    const again = await eventually('it is offered again', async () => (await manager.dispatch())[0], 20_000);
    await work(line, again, 'found');
    await stream.untilClosed();
    const steps = await line.steps(taskId);

    expect(again.subtask_id).toBe(lost.subtask_id);
    expect(flaws(stream.events)).toEqual([]);
    expect(beginnings(stream.events)).toEqual(['start1', 'start2', 'reset', 'start1', 'start2', 'start3', 'done']);
    expect(steps.map(({ result }) => result?.value)).toEqual([TEXTS[0], 'found', TEXTS[2]]);
    expect([1, 3].map((step) => line.asked(step).length)).toEqual([1, 1]);
  });
});
