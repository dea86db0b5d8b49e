import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Api, started } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { addExecutorTeam, addTask, ExecutorApi, FakeManager, INTERNAL_TOKEN } from '../support/executors/executors.js';
import { runnerOf } from '../support/streams/follower.js';
import { Pipeline } from '../support/content/pipelines.js';
import { script, Stage, STAGES } from '../support/stages/stage.js';

interface Diagnosis {
  status: string;
  last_event_at: string | null;
  owner: string | null;
  lease_expires_at: string | null;
  queue: { name: string; state: string; position: number | null } | null;
  upstream: { kind: string; id: string } | null;
  next_action: string;
  hints: string[];
  reasons: { code: string; params: Record<string, string | number>; text: string }[];
}

const diagnose = async (api: Api, taskId: number) => (await api.get<Diagnosis>(`/tasks/${taskId}/diagnosis`)).body;
/** The diagnosis once it fulfils a condition. */
const until = (api: Api, taskId: number, what: string, fulfils: (diagnosis: Diagnosis) => boolean) =>
  eventually(what, async () => {
    const diagnosis = await diagnose(api, taskId);

    return fulfils(diagnosis) && diagnosis;
  });

describe.each(STAGES)('diagnosis of direct chats, %s', (kind) => {
  let stage: Stage;
  let api: Api;
  const asked: number[] = [];

  beforeAll(async () => {
    const environment = { MAX_CONCURRENT_DIRECT_CHATS: '1', PROVIDER_IDLE_TIMEOUT_MS: '6000' };
    stage = await Stage.start(kind, environment, kind === 'embedded' ? 1 : 2);
    api = stage.api;
  });

  afterEach(async () => {
    for (const taskId of asked.splice(0)) await api.cancel(taskId);
  });

  afterAll(() => endAll(stage));

  async function ask(text: string): Promise<{ taskId: number; subtaskId: number }> {
    const stream = await api.ask(script(text));
    const ids = await started(stream);
    await stream.untilType('content');
    asked.push(ids.taskId);

    return ids;
  }

  it('runs: here or in the other process, which it names; the next one waits, with its place', async () => {
    const askedAt = Date.now();
    const { taskId, subtaskId } = await ask('tokens=3000 rate=50');
    const runner = await runnerOf(stage, subtaskId);
    for (const [index, server] of stage.servers.entries()) {
      const diagnosis = await until(server.api, taskId, 'it is RUNNING', ({ status }) => status === 'RUNNING');
      expect(diagnosis).toMatchObject({
        owner: expect.stringMatching(new RegExp(`:${stage.server(runner).pid}$`)),
        queue: { name: 'chat-runs', state: 'active', position: null },
        upstream: { kind: 'model', id: expect.stringMatching(/\S/) },
        next_action: 'wait',
        hints: [expect.stringContaining(index === runner ? 'that answers here' : 'in another process')],
      });
      expect(Date.parse(diagnosis.lease_expires_at ?? '')).toBeGreaterThan(Date.now());
      expect(Date.parse(diagnosis.last_event_at ?? '')).toBeGreaterThanOrEqual(askedAt);
    }
    const waiting = await api.ask(script('tokens=1 rate=0'));
    await waiting.untilType('queued');
    const { body } = await api.get<{ items: { id: number }[] }>('/tasks?limit=1');
    const waitingId = nth(body.items, 0).id;
    for (const server of stage.servers) {
      expect(await diagnose(server.api, waitingId)).toMatchObject({
        status: 'PENDING',
        owner: null,
        lease_expires_at: null,
        queue: { name: 'chat-runs', state: 'waiting', position: 1 },
        next_action: 'wait',
        hints: ['It waits for a free place: 0 before it, 1 run at a time'],
        reasons: [{ code: 'queued_behind', params: { ahead: 0, limit: 1 }, text: expect.stringContaining('0 before') }],
      });
    }
    await api.cancel(taskId);
    await waiting.untilClosed();
  });

  it('says how long the model has been silent, and when the patience ends', async () => {
    const { taskId } = await ask('case=hang-after-delta after=3');
    const diagnosis = await until(
      nth(stage.servers, -1).api,
      taskId,
      'silence is noticed',
      ({ hints }) => hints.length > 1,
    );

    expect(diagnosis.hints[0]).toMatch(
      /^The model has been silent for \d s; in \d s it is given up, and the answer fails$/,
    );
    const ended = await until(api, taskId, 'its patience ends', ({ status }) => status === 'FAILED');
    expect(ended).toMatchObject({ owner: null, queue: null, next_action: 'retry' });
    expect(ended.hints[0]).toContain('It has ended (FAILED)');
    expect(ended.reasons.map(({ code }) => code)).toEqual(['failed_because', 'can_retry']);
    expect(ended.reasons.map(({ text }) => text)).toEqual(ended.hints);
    asked.pop();
  });

  it('names the step of a pipeline that runs, and its model', async () => {
    const line = await Pipeline.add(stage, ['tokens=3 rate=0', 'tokens=3000 rate=50']);
    const stream = await api.ask({ prompt: 'Hello', team_id: line.teamId });
    const { taskId, subtaskId } = await started(stream);
    asked.push(taskId);
    const runner = await runnerOf(stage, subtaskId);
    await stream.until(({ data }) => data.type === 'start' && data.subtask_id !== subtaskId);
    for (const { api: replica } of stage.servers) {
      const second = await until(
        replica,
        taskId,
        'its second step runs',
        ({ upstream }) => upstream?.id === line.models[1],
      );
      expect(second).toMatchObject({
        owner: expect.stringMatching(new RegExp(`:${stage.server(runner).pid}$`)),
        queue: { name: 'chat-runs', state: 'active', position: null },
        next_action: 'wait',
      });
    }
  });

  it('tells an answer that nobody has asked for, and one that has ended', async () => {
    const { body } = await api.post<{ id: number }>('/tasks/create', { prompt: 'later', team_name: 'demo-team' });
    expect(await diagnose(api, body.id)).toMatchObject({ status: 'PENDING', next_action: 'start_answer', owner: null });
    const { taskId } = await api.turn(script('tokens=1 rate=0'));
    const ended = await until(api, taskId, 'it has ended', ({ status }) => status === 'COMPLETED');
    expect(ended).toMatchObject({ next_action: 'none', hints: ['It has ended (COMPLETED)'] });
    expect(ended.last_event_at).toBe((await api.task(taskId)).completed_at);
  });

  it.each(['987654', 'x', '0'])('is refused for task %s', async (id) => {
    expect([404, 422]).toContain((await api.get(`/tasks/${id}/diagnosis`)).status);
  });
});

describe('diagnosis when a worker is gone', () => {
  let stage: Stage;

  beforeAll(async () => {
    // Long, so that the time between the loss and the next owner can be seen.
    stage = await Stage.start('distributed', { WORKER_STALLED_CHECK_MS: '10000' }, 2);
  });

  afterAll(() => endAll(stage));

  it('a stopped worker is lost once its lock has run out, and the next owner is named', async () => {
    const stream = await stage.api.ask(script('tokens=3000 rate=50'));
    const { taskId, subtaskId } = await started(stream);
    const runner = await runnerOf(stage, subtaskId);
    const other = stage.server(1 - runner);
    await stage.server(runner).kill();
    const lost = await until(other.api, taskId, 'it is lost', ({ hints }) =>
      hints.some((hint) => hint.includes('lost')),
    );
    expect(lost).toMatchObject({ owner: null, lease_expires_at: null });
    const next = await until(
      other.api,
      taskId,
      'the other worker has it',
      ({ owner }) => owner?.endsWith(`:${other.pid}`) ?? false,
    );
    expect(next.hints).toEqual([expect.stringContaining('that answers here')]);
    await other.api.cancel(taskId);
  });

  it('is given even when Redis is away, from what the database says', async () => {
    const survivor = stage.servers.find(({ isRunning }) => isRunning);
    if (!survivor) throw new Error('no server runs');
    const stream = await survivor.api.ask(script('tokens=3000 rate=50'));
    const { taskId } = await started(stream);
    await until(survivor.api, taskId, 'it is RUNNING', ({ status }) => status === 'RUNNING');
    await stage.redis.kill();
    expect(await diagnose(survivor.api, taskId)).toMatchObject({
      status: 'RUNNING',
      queue: null,
      hints: [expect.stringContaining('Redis or the database does not answer')],
    });
    await stage.redis.start();
    await until(survivor.api, taskId, 'Redis is back', ({ queue }) => queue !== null);
    await survivor.api.cancel(taskId);
  });
});

describe('diagnosis of executors', () => {
  let stage: Stage;
  let api: Api;
  let executor: ExecutorApi;
  let manager: FakeManager;
  let teamId: number;

  beforeAll(async () => {
    manager = await FakeManager.start();
    stage = await Stage.start('distributed', {
      ...{ INTERNAL_API_TOKEN: INTERNAL_TOKEN, EXECUTOR_MANAGER_URL: manager.url },
      ...{ EXECUTOR_LEASE_SECONDS: '3', EXECUTOR_SILENT_LEASE_SECONDS: '3', EXECUTOR_MAX_ATTEMPTS: '2' },
      ...{ CANCEL_DEADLINE_SECONDS: '20' },
    });
    api = stage.api;
    executor = new ExecutorApi(api);
    teamId = (await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo')).teamId;
  });

  afterAll(async () => {
    await endAll(stage, manager);
  });

  it('waits for an executor, is handed out, is lost, is offered again, and fails in the end', async () => {
    const taskId = await addTask(api, teamId);
    const place = { name: 'executors:online', state: 'waiting', position: 1 };
    expect(await diagnose(api, taskId)).toMatchObject({
      ...{ status: 'PENDING', owner: null, lease_expires_at: null, queue: place },
      hints: [expect.stringMatching(/^No executor has fetched it yet; it waits since \d+ s, 0 before it$/)],
    });
    const { subtask_id: subtaskId } = await executor.take();
    await executor.report(subtaskId, 'RUNNING', { progress: 10, executor_name: 'executor-1' });
    const running = await until(api, taskId, 'its executor is known', ({ owner }) => owner !== null);
    expect(running).toMatchObject({
      ...{ status: 'RUNNING', owner: 'executor-1', upstream: { kind: 'executor', id: 'executor-1' } },
      queue: { state: 'handed_out', position: null },
      next_action: 'wait',
    });
    expect(Date.parse(running.lease_expires_at ?? '')).toBeGreaterThan(Date.now() - 3000);
    const again = await until(api, taskId, 'it is offered again', ({ queue }) => queue?.state === 'waiting');
    expect(again).toMatchObject({ owner: null, next_action: 'check_executors' });
    expect(again.hints[0]).toMatch(
      /^Its executor executor-1 was not heard of; .* attempt 2 of 2, to the same executor/,
    );
    await executor.take();
    const failed = await until(api, taskId, 'the second executor is lost', ({ status }) => status === 'FAILED');
    expect(failed).toMatchObject({ owner: null, queue: null, next_action: 'retry' });
    expect(failed.hints.at(-1)).toMatch(/^No executor has reported this end/);
  });

  it.each([
    [200, 'has acknowledged the cancel'],
    [503, 'has not acknowledged the cancel yet'],
  ])('is being cancelled, and the manager answers %i', async (status, hint) => {
    manager.answers.cancel = () => ({ status, body: { status: 'success' } });
    const taskId = await addTask(api, teamId);
    const { subtask_id: subtaskId } = await executor.take();
    await executor.report(subtaskId, 'RUNNING', { executor_name: 'executor-2' });
    const beats = setInterval(() => void executor.heartbeat(subtaskId), 500);
    try {
      await api.post(`/tasks/${taskId}/cancel`);
      const asked = await until(api, taskId, hint, ({ hints }) => hints.some((line) => line.includes(hint)));
      expect(asked.status).toBe('CANCELLING');
      expect(asked.hints[0]).toMatch(/^Cancelled \d+ s ago; not stopped yet; at the latest in \d+ s/);
    } finally {
      clearInterval(beats);
      await executor.report(subtaskId, 'CANCELLED');
    }
    const ended = await until(api, taskId, 'it has ended', (diagnosis) => diagnosis.status === 'CANCELLED');
    expect(ended).toMatchObject({ owner: null, next_action: 'none', hints: ['It has ended (CANCELLED)'] });
  });
});
