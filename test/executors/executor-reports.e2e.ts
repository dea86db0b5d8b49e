import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requestSignatureOf, webhookSignatureOf } from '../../src/common/secrets/signature.js';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import {
  addExecutorTeam,
  addTask,
  ExecutorApi,
  INTERNAL_TOKEN,
  untilTask,
  type Receipt,
} from '../support/executors/executors.js';
import { Stage } from '../support/stages/stage.js';

const MAX_RESULT_BYTES = 2 * 1024 * 1024;

describe('reports of executors', () => {
  let stage: Stage;
  let api: Api;
  let executor: ExecutorApi;
  let teamId: number;

  beforeAll(async () => {
    const limit = String(MAX_RESULT_BYTES);
    stage = await Stage.start('distributed', { INTERNAL_API_TOKEN: INTERNAL_TOKEN, EXECUTOR_MAX_RESULT_BYTES: limit });
    api = stage.api;
    executor = new ExecutorApi(api);
    ({ teamId } = await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo'));
  });

  afterAll(() => endAll(stage));

  const ended = (taskId: number, status: string) => untilTask(api, taskId, status);

  async function running() {
    const taskId = await addTask(api, teamId);
    const { subtask_id: subtaskId } = await executor.take();

    return { taskId, subtaskId };
  }

  it('run a subtask to its end; what follows is ignored', async () => {
    const { taskId, subtaskId } = await running();
    const first = await executor.report(subtaskId, 'RUNNING', {
      progress: 55,
      result: { value: 'so' },
      task_id: 9,
      title: 'x',
    });
    const last = await executor.report(subtaskId, 'SUCCESS', {
      progress: 100,
      result: { value: 'so far', thinking: [] },
    });
    const task = await ended(taskId, 'COMPLETED');
    const late = await executor.report(subtaskId, 'RUNNING', { progress: 30 });

    expect(first.body).toEqual({
      ...{ subtask_id: subtaskId, task_id: taskId, status: 'RUNNING', progress: 55 },
      message: expect.any(String),
    });
    expect([last.status, last.body.status]).toEqual([200, 'COMPLETED']);
    expect(task.result).toMatchObject({ value: 'so far', thinking: [] });
    expect([late.status, late.body]).toEqual([
      200,
      expect.objectContaining({ status: 'COMPLETED', ignored: 'terminal' }),
    ]);
  });

  it('keep an error of a failure only', async () => {
    const { taskId, subtaskId } = await running();
    await executor.report(subtaskId, 'RUNNING', { error_message: 'Task execution started' });
    await executor.report(subtaskId, 'FAILED', { progress: 100, error_message: 'no disk' });

    expect((await ended(taskId, 'FAILED')).error_message).toBe('no disk');
  });

  it('that are older or come twice are told so', async () => {
    const { taskId, subtaskId } = await running();
    const replies = [];
    for (const more of [
      { seq: 5, event_id: 'five', progress: 50 },
      { seq: 4, event_id: 'four', progress: 90 },
      { seq: 5, event_id: 'other' },
      { seq: 9, event_id: 'five' },
      { seq: 6, event_id: 'six', progress: 60 },
    ]) {
      replies.push((await executor.report(subtaskId, 'RUNNING', more)).body.ignored);
    }
    expect(replies).toEqual([undefined, 'stale', 'duplicate', 'duplicate', undefined]);
    await executor.report(subtaskId, 'COMPLETED', { seq: 7, event_id: 'end', result: { value: 'end' } });
    await ended(taskId, 'COMPLETED');
    const again = await executor.report(subtaskId, 'COMPLETED', { seq: 7, event_id: 'end' });
    expect(again.body.ignored).toBe('duplicate');
  });

  it('in a storm of 1000 in any order end in the right state', async () => {
    const { taskId, subtaskId } = await running();
    const seqs = Array.from({ length: 1000 }, (_, seq) => seq).sort(() => Math.random() - 0.5);
    const send = (seq: number) =>
      executor.report(subtaskId, seq === 999 ? 'COMPLETED' : 'RUNNING', {
        ...{ seq, event_id: `event ${seq}`, progress: Math.floor(seq / 10), result: { value: `text ${seq}` } },
      });
    const lanes = Array.from({ length: 20 }, async (_, lane) => {
      const statuses = [];
      for (let at = lane; at < seqs.length; at += 20) statuses.push((await send(seqs[at] ?? 0)).status);

      return statuses;
    });
    const statuses = new Set((await Promise.all(lanes)).flat());

    expect([...statuses]).toEqual([200]);
    expect(await ended(taskId, 'COMPLETED')).toMatchObject({ progress: 100, result: { value: 'text 999' } });
  });

  it.each([
    [{ status: 'PENDING' }, 'status'],
    [{ status: 'DELETE' }, 'status'],
    [{ status: 'running' }, 'status'],
    [{ progress: 101 }, 'progress'],
    [{ progress: -1 }, 'progress'],
    [{ progress: '5' }, 'progress'],
    [{ result: 'text' }, 'result'],
    [{ result: [] }, 'result'],
    [{ result: { value: { a: 1 } } }, 'result.value'],
    [{ seq: -1 }, 'seq'],
    [{ seq: 1.5 }, 'seq'],
    [{ event_id: '' }, 'event_id'],
    [{ event_id: 'x'.repeat(129) }, 'event_id'],
    [{ subtask_id: 'x' }, 'subtask_id'],
  ])('with %j are refused', async (more, field) => {
    const { status, body } = await executor.report(1, 'RUNNING', more);

    const fields = new Set(body.errors?.map((problem) => problem.field));
    expect([status, body.code, [...fields]]).toEqual([...[422, 'validation_failed', [field]]]);
  });

  it('on what nobody knows, or what a user has said, are not found', async () => {
    const { taskId, subtaskId } = await running();
    const question = (await api.task(taskId)).subtasks.find(({ role }) => role === 'USER');
    for (const id of [2_000_000_000, question?.id ?? 0]) {
      const { status, body } = await executor.report(id, 'RUNNING');
      expect([status, body.code]).toEqual([404, 'not_found']);
    }
    await executor.report(subtaskId, 'COMPLETED');
  });

  it('with characters that cannot be stored are stored without them', async () => {
    const { taskId, subtaskId } = await running();
    const result = { value: 'a\0b\ud800', 'na\0me': ['\udc00'] };
    const { status } = await executor.report(subtaskId, 'COMPLETED', {
      result,
      executor_name: 'box\0',
      event_id: '\0',
    });

    expect(status).toBe(200);
    expect((await ended(taskId, 'COMPLETED')).result).toEqual({ value: 'a\uFFFDb\uFFFD', 'na\uFFFDme': ['\uFFFD'] });
    const deep = JSON.parse(`${'['.repeat(50)}"\\u0000"${']'.repeat(50)}`) as unknown;
    const refused = await executor.report(subtaskId, 'RUNNING', { result: { deep } });
    expect([refused.status, refused.body.code]).toEqual([422, 'validation_failed']);
  });

  it('may be large, and too large', async () => {
    const { taskId, subtaskId } = await running();
    const large = 'x'.repeat(MAX_RESULT_BYTES - 100);
    const reports = [
      await executor.report(subtaskId, 'RUNNING', { result: { value: `${large}${'y'.repeat(200)}` } }),
      await executor.report(subtaskId, 'RUNNING', { result: { value: large.repeat(2) } }),
    ];
    for (const { status, body } of reports) {
      expect([status, body.code, body.message]).toEqual([
        413,
        'payload_too_large',
        expect.stringMatching(/at most \d+/),
      ]);
    }
    // A queue that a busy machine keeps waiting refuses with 503, and the executor sends its report again.
    await eventually('the largest one is accepted', async () => {
      return (await executor.report(subtaskId, 'COMPLETED', { result: { value: large } })).status === 200;
    });
    expect((await ended(taskId, 'COMPLETED')).result?.value).toHaveLength(large.length);
  });

  it('may be signed in place of the token, each once', async () => {
    const { taskId, subtaskId } = await running();
    const path = '/executors/tasks?task_id=1';
    const sign = (body: string, timestamp: number, token = INTERNAL_TOKEN) =>
      requestSignatureOf(token, timestamp, { method: 'PUT', path: `/api${path}`, body });
    const send = (body: string, timestamp: number, signature: string, to = path) =>
      api.raw<Receipt>('PUT', to, body, {
        ...{ 'content-type': 'application/json', 'x-conch-timestamp': String(timestamp) },
        'x-conch-signature': signature,
      });
    const now = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({ subtask_id: subtaskId, status: 'COMPLETED', result: { value: 'ünïcode' } });
    const refused = await Promise.all([
      send(body, now, sign(body, now, 'another-token-of-this-test')),
      send(`${body} `, now, sign(body, now)),
      send(body, now - 400, sign(body, now - 400)),
      send(body, now, sign(body, now), '/executors/tasks?task_id=2'),
      send(body, now, webhookSignatureOf(INTERNAL_TOKEN, now, body)),
    ]);
    const accepted = await send(body, now, sign(body, now));
    const replayed = await send(body, now, sign(body, now));

    const answers = [...refused, replayed].map(({ status, body: { code, message } }) => `${status} ${code} ${message}`);
    expect([...new Set(answers)]).toEqual([expect.stringMatching(/^401 unauthorized /)]);
    expect([accepted.status, accepted.body.status]).toEqual([200, 'COMPLETED']);
    expect((await ended(taskId, 'COMPLETED')).result?.value).toBe('ünïcode');
  });

  it('are parsed when their sender is known, and not before', async () => {
    const path = '/executors/tasks';
    const send = async (method: string, body: string, headers: Record<string, string>, to = path) => {
      const reply = await api.raw<ErrorBody>(method, to, body, { 'content-type': 'application/json', ...headers });

      return [reply.status, reply.body.code];
    };
    const now = String(Math.floor(Date.now() / 1000));
    const sign = (body: string, token: string) => ({
      'x-conch-timestamp': now,
      'x-conch-signature': requestSignatureOf(token, now, { method: 'PUT', path: `/api${path}`, body }),
    });
    const broken = '{"subtask_id":';
    const strangers: Record<string, string>[] = [
      {},
      { authorization: 'Bearer wrong' },
      sign(broken, 'another-token-of-this-test'),
    ];
    for (const headers of strangers) {
      expect(await send('PUT', broken, headers)).toEqual([401, 'unauthorized']);
      expect(await send('POST', broken, headers, `${path}/dispatch`)).toEqual([401, 'unauthorized']);
      expect(await send('POST', broken, headers, `${path}/1/heartbeat`)).toEqual([401, 'unauthorized']);
    }
    const deep = '['.repeat(100_000);
    expect(await send('PUT', deep, { authorization: 'Bearer wrong' })).toEqual([401, 'unauthorized']);
    expect(await send('PUT', broken, { authorization: `Bearer ${INTERNAL_TOKEN}` })).toEqual([400, 'bad_request']);
    expect(await send('PUT', broken, sign(broken, INTERNAL_TOKEN))).toEqual([400, 'bad_request']);
    expect(await send('PUT', deep, sign(deep, INTERNAL_TOKEN))).toEqual([422, 'validation_failed']);
    expect(await send('PUT', '{}', sign('{}', INTERNAL_TOKEN))).toEqual([422, 'validation_failed']);
  });
});
