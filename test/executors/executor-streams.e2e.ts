import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { Api, SubtaskBody } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import {
  addExecutorTeam,
  addTask,
  type Dispatched,
  ExecutorApi,
  INTERNAL_TOKEN,
  untilTask,
} from '../support/executors/executors.js';
import { flaws, fold, type SseStream, typesOf } from '../support/streams/sse.js';
import { Stage } from '../support/stages/stage.js';

const text = (content: string) => ({ type: 'content', content });
const digest = (value: string) => ({ length: value.length, sha256: createHash('sha256').update(value).digest('hex') });

/** Two replicas: what one receives is read at the other. */
describe('streams of answers that executors give', () => {
  let stage: Stage;
  let replicas: [Api, Api];
  let manager: ExecutorApi;
  let solo: number;
  let pipeline: number;

  beforeAll(async () => {
    const environment = {
      INTERNAL_API_TOKEN: INTERNAL_TOKEN,
      EXECUTOR_LEASE_SECONDS: '2',
      EXECUTOR_MAX_ATTEMPTS: '2',
      JWT_SECRET: 'a-secret-of-both-replicas-0123456789abcdef',
    };
    stage = await Stage.start('distributed', environment, 2);
    replicas = [stage.server(0).api, stage.server(1).api];
    manager = new ExecutorApi(stage.api);
    solo = (await addExecutorTeam(stage.api, 'solo', [{ name: 'solo-bot' }], 'solo')).teamId;
    pipeline = (await addExecutorTeam(stage.api, 'line', [{ name: 'one' }, { name: 'two' }])).teamId;
  });

  afterAll(() => endAll(stage));

  /** An executor with its own token, at one of the replicas. */
  const executorOf = ({ auth_token: token }: Dispatched, replica = 0) =>
    new ExecutorApi(stage.server(replica).api, token);

  async function ask(teamId: number): Promise<{ stream: SseStream; claimed: Dispatched; taskId: number }> {
    const stream = await replicas[1].ask({ prompt: 'a question', team_id: teamId });
    if (!stream.isStream) throw new Error(`HTTP ${stream.status}: ${(await stream.untilClosed()).text}`);
    const claimed = await manager.take();

    return { stream, claimed, taskId: claimed.task_id };
  }

  const answersOf = async (taskId: number): Promise<SubtaskBody[]> =>
    (await stage.api.task(taskId)).subtasks.filter(({ role }) => role === 'ASSISTANT');

  it('shows events at once, from every event on, on every replica, and ends with the digest', async () => {
    const { stream, claimed, taskId } = await ask(solo);
    const executor = executorOf(claimed);
    const id = claimed.subtask_id;
    const step = {
      type: 'step',
      step_id: 't1',
      kind: 'tool',
      title: 'Bash',
      status: 'running',
      detail: { input: 'x'.repeat(9000) },
    };
    expect((await executor.events(id, 1, [text('Hello'), step])).body).toMatchObject({
      subtask_id: id,
      last: 2,
      cancelling: false,
    });
    await stream.untilText(5);
    // The other replica receives the rest, and what it has already once more.
    const other = executorOf(claimed, 1);
    const more = [step, { type: 'reasoning', content: 'hm' }, text(' world'), { ...step, status: 'succeeded' }];
    expect((await other.events(id, 2, more)).body.last).toBe(5);
    expect((await other.events(id, 2, more)).body.last).toBe(5);
    expect((await executor.events(id, 6, [])).body.last).toBe(5);
    await stream.untilText(11);
    const usage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };
    const result = {
      value: 'Hello world',
      reasoning: 'hm',
      steps: [{ ...step, detail: undefined, status: 'succeeded' }],
      usage,
    };
    await executor.report(id, 'COMPLETED', { result, seq: 1, event_id: 'e1' });
    await stream.untilClosed();

    expect(flaws(stream.events)).toEqual([]);
    expect(typesOf(stream.events).filter((type) => type !== 'queued')).toEqual([
      ...['start', 'content', 'step', 'reasoning', 'content', 'step', 'step', 'done'],
    ]);
    expect(fold(stream.events)).toEqual({
      ...{ content: 'Hello world', reasoning: 'hm' },
      terminal: expect.objectContaining({ type: 'done', ...digest('Hello world'), usage }),
    });
    expect(await stage.api.answer(taskId, id)).toMatchObject({ status: 'COMPLETED', result: { value: 'Hello world' } });
    for (const replica of replicas) {
      for (const [index, { id: cut, seq }] of stream.events.slice(0, -1).entries()) {
        const rest = await (await replica.attach(taskId, cut)).untilClosed();
        expect(flaws(rest.events, seq)).toEqual([]);
        expect(rest.events.map(({ data }) => data)).toEqual(stream.events.slice(index + 1).map(({ data }) => data));
      }
      expect((await replica.attach(taskId, stream.events.at(-1)?.id)).status).toBe(204);
    }
  });

  it('refuses events after a gap, and of what it does not know, with the reason', async () => {
    const { stream, claimed } = await ask(solo);
    const executor = executorOf(claimed);
    const id = claimed.subtask_id;
    const gap = await executor.events(id, 3, [text('late')]);
    expect([gap.status, gap.body.code, gap.body.last]).toEqual([409, 'events_gap', 0]);
    const wrong = await executor.events(id, 1, [text('a'), { type: 'done' }]);
    expect([wrong.status, wrong.body.code]).toEqual([422, 'validation_failed']);
    await executor.report(id, 'FAILED', { error_message: 'the key is wrong', error_code: 'provider_auth' });
    await stream.untilClosed();
    expect(stream.events.at(-1)?.data).toMatchObject({
      type: 'error',
      error: 'the key is wrong',
      code: 'provider_auth',
    });
    expect((await executor.events(id, 1, [text('x')])).status).toBe(401);
    expect((await manager.events(id, 1, [text('x')])).body.code).toBe('subtask_final');
  });

  it('starts again with another executor when one was lost, and refuses the events of the first', async () => {
    const { stream, claimed } = await ask(solo);
    const id = claimed.subtask_id;
    const first = executorOf(claimed);
    await first.events(id, 1, [text('lost ')]);
    await stream.untilText(5);
    const again = await eventually('it is offered again', async () => (await manager.dispatch())[0], 20_000);
    expect(again.subtask_id).toBe(id);
    await stream.untilType('reset');
    expect((await first.events(id, 2, [text('zombie')])).status).toBe(401);
    const second = executorOf(again, 1);
    expect((await second.events(id, 1, [text('found')])).body.last).toBe(1);
    await second.report(id, 'COMPLETED', { result: { value: 'found' } });
    await stream.untilClosed();
    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events)).toMatchObject({ content: 'found', terminal: { type: 'done' } });
    const starts = stream.events.flatMap(({ data }) => (data.type === 'start' ? [data.attempt] : []));
    expect(starts).toEqual([1, 2]);
  });

  it('loses nothing when Redis loses its data in mid-answer', async () => {
    const { stream, claimed, taskId } = await ask(solo);
    const id = claimed.subtask_id;
    const executor = executorOf(claimed);
    for (let n = 1; n <= 5; n += 1) await executor.events(id, n, [text(`${n} `)]);
    await stream.untilText(10);
    await stage.redis.use((client) => client.flushall());
    const gap = await executor.events(id, 6, [text('6 ')]);
    expect([gap.status, gap.body.last]).toEqual([409, 0]);
    expect((await executor.events(id, 1, [{ type: 'replace', content: '1 2 3 4 5 6 ' }, text('7')])).body.last).toBe(2);
    await stream.untilText(13);
    await executor.report(id, 'COMPLETED', { result: { value: '1 2 3 4 5 6 7' } });
    await stream.untilClosed();
    expect(fold(stream.events)).toMatchObject({
      content: '1 2 3 4 5 6 7',
      terminal: { type: 'done', ...digest('1 2 3 4 5 6 7') },
    });
    for (const { id: cut } of stream.events.slice(0, -1)) {
      const before = stream.events.slice(0, stream.events.findIndex((event) => event.id === cut) + 1);
      const rest = await (await replicas[0].attach(taskId, cut)).untilClosed();
      expect(fold([...before, ...rest.events]).content).toBe('1 2 3 4 5 6 7');
    }
  });

  it('makes events of the whole results that other executors report', async () => {
    const { stream, claimed, taskId } = await ask(solo);
    const id = claimed.subtask_id;
    const thinking = [{ title: 'Looks around', next_action: 'continue', details: { files: 3 } }];
    await manager.report(id, 'RUNNING', { progress: 50, result: { value: 'One', thinking } });
    await stream.untilText(3);
    await manager.report(id, 'RUNNING', {
      progress: 60,
      result: { value: 'One two', thinking: [...thinking, { title: 'Writes' }] },
    });
    await stream.untilText(7);
    await manager.report(id, 'RUNNING', { progress: 70, result: { value: '1 2 3', thinking } });
    await stream.untilType('replace');
    await manager.report(id, 'COMPLETED', {
      result: { value: '1 2 3 4', thinking: [...thinking, { title: 'Writes' }] },
    });
    await stream.untilClosed();
    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events)).toMatchObject({ content: '1 2 3 4', terminal: { type: 'done', ...digest('1 2 3 4') } });
    const steps = stream.events.flatMap(({ data }) => (data.type === 'step' ? [[data.title, data.status]] : []));
    expect(steps[0]).toEqual(['Looks around', 'running']);
    expect(steps.at(-1)).toEqual(['Writes', 'succeeded']);
    const late = await (await replicas[0].attach(taskId)).untilClosed();
    expect(late.events.map(({ data }) => data)).toEqual(stream.events.map(({ data }) => data));
  });

  it('is one stream for all steps of a pipeline', async () => {
    const { stream, claimed } = await ask(pipeline);
    await executorOf(claimed).events(claimed.subtask_id, 1, [text('first')]);
    await executorOf(claimed).report(claimed.subtask_id, 'COMPLETED', { result: { value: 'first!' } });
    const next = await eventually('the next step is offered', async () => (await manager.dispatch())[0]);
    await executorOf(next, 1).events(next.subtask_id, 1, [text('second')]);
    await executorOf(next).report(next.subtask_id, 'COMPLETED', { result: { value: 'second' } });
    await stream.untilClosed();
    expect(flaws(stream.events)).toEqual([]);
    const started = stream.events.flatMap(({ data }) => (data.type === 'start' ? [data.subtask_id] : []));
    expect(started).toEqual([claimed.subtask_id, next.subtask_id]);
    const steps = [claimed.subtask_id, next.subtask_id].map((id, index) => {
      const from = stream.events.findIndex(({ data }) => data.type === 'start' && data.subtask_id === id);
      const to =
        index === 0
          ? stream.events.findIndex(({ data }) => data.type === 'start' && data.subtask_id === next.subtask_id)
          : undefined;

      return fold(stream.events.slice(from, to)).content;
    });
    expect(steps).toEqual(['first!', 'second']);
  });

  it('ends with a cancel, before a claim and after it', async () => {
    const waiting = await replicas[0].ask({ prompt: 'never', team_id: solo });
    await waiting.untilType('queued');
    const taskId = Number(waiting.headers['x-task-id']);
    expect((await replicas[1].cancel(taskId)).body).toMatchObject({ status: 'CANCELLED', proof: { while: 'queued' } });
    await waiting.untilClosed();
    expect(waiting.events.at(-1)?.data).toMatchObject({
      type: 'cancelled',
      proof: { executor_acked: false, while: 'queued' },
    });

    const { stream, claimed, taskId: running } = await ask(pipeline);
    const executor = executorOf(claimed);
    await executor.events(claimed.subtask_id, 1, [text('partial')]);
    await stream.untilText(7);
    const cancelled = replicas[0].cancel(running);
    await eventually(
      'the executor is told',
      async () => (await executor.events(claimed.subtask_id, 2, [])).body.cancelling,
    );
    await executor.report(claimed.subtask_id, 'CANCELLED', { result: { value: 'partial' } });
    expect((await cancelled).body).toMatchObject({
      status: 'CANCELLED',
      proof: { executor_acked: true, while: 'running' },
    });
    await stream.untilClosed();
    expect(fold(stream.events)).toMatchObject({ content: 'partial', terminal: { type: 'cancelled' } });
    expect((await answersOf(running)).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED']);
  });

  it('attaches to answers of tasks that the tasks API has made', async () => {
    const taskId = await addTask(stage.api, solo);
    const attached = await replicas[1].attach(taskId);
    const posted = await replicas[0].open(`/direct-chat/${taskId}/stream`, { method: 'POST', body: {} });
    const claimed = await manager.take();
    await manager.report(claimed.subtask_id, 'COMPLETED', { result: { value: 'all of it' } });
    await untilTask(stage.api, taskId, 'COMPLETED');
    for (const stream of [attached, posted]) {
      await stream.untilClosed();
      expect(flaws(stream.events)).toEqual([]);
      expect(fold(stream.events)).toMatchObject({ content: 'all of it', terminal: { type: 'done' } });
    }
  });
});
