import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeServer, listen, readBody, sendJson } from '../shared/http.js';
import { type EmulatorOptions, ExecutorEmulator } from './emulator.js';
import type { DispatchedSubtask, Report } from './wire.js';

const TOKEN = 'a secret of sixteen';

interface Heard {
  route: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** A backend that hands out what it is given and notes what it hears. */
class Backend {
  readonly heard: Heard[] = [];
  readonly pending: DispatchedSubtask[] = [];
  /** Status of the next answers to callbacks; 200 when there is none. */
  readonly statuses: number[] = [];
  /** The next answers to heartbeats. */
  readonly beats: { status: number; body: object }[] = [];
  url = '';
  private readonly server: Server = createServer((req, res) => {
    void this.answer(req.url ?? '', req.method ?? '', req.headers, readBody(req)).then(({ status, body }) => {
      sendJson(res, status, body);
    });
  });

  async start(): Promise<void> {
    this.url = `http://127.0.0.1:${await listen(this.server, 0, '127.0.0.1')}`;
  }

  stop(): Promise<void> {
    return closeServer(this.server);
  }

  get reports(): Report[] {
    return this.of('PUT /api/executors/tasks').map(({ body }) => body as Report);
  }

  of(route: string): Heard[] {
    return this.heard.filter((one) => one.route === route);
  }

  async until(count: number): Promise<Report[]> {
    for (const end = Date.now() + 20_000; this.reports.length < count && Date.now() < end;) await sleep(5);
    return this.reports;
  }

  private async answer(url: string, method: string, headers: IncomingHttpHeaders, body: Promise<unknown>) {
    const { pathname, searchParams } = new URL(url, 'http://backend');
    const heard: Heard = { route: `${method} ${pathname}`, query: searchParams, headers, body: await body };
    this.heard.push(heard);
    if (pathname.endsWith('/dispatch')) return { status: 200, body: { tasks: this.take(searchParams) } };
    if (pathname.endsWith('/heartbeat')) return this.beats.shift() ?? { status: 200, body: {} };
    return { status: (method === 'PUT' && this.statuses.shift()) || 200, body: {} };
  }

  private take(query: URLSearchParams): DispatchedSubtask[] {
    const ids = query.get('task_ids')?.split(',').map(Number);
    const taken = this.pending
      .filter(({ task_id, executor_name }) => (ids ? ids.includes(task_id) : executor_name !== 'later'))
      .slice(0, ids ? undefined : Number(query.get('limit')));
    for (const one of taken) this.pending.splice(this.pending.indexOf(one), 1);
    return taken;
  }
}

function subtask(id: number, prompt: string, more: Partial<DispatchedSubtask> = {}): DispatchedSubtask {
  return {
    ...{ subtask_id: id, subtask_next_id: null, task_id: 7, type: 'online', executor_name: '', executor_namespace: '' },
    ...{ subtask_title: 'sub', task_title: 'task', user: { id: 3, name: 'ann' }, mode: 'solo', status: 'RUNNING' },
    ...{ bot: [{ id: 9, name: 'coder', system_prompt: '' }], prompt, ...more },
  };
}

let backend: Backend;
let emulator: ExecutorEmulator;

async function work(options: EmulatorOptions, ...pending: DispatchedSubtask[]): Promise<void> {
  emulator = await ExecutorEmulator.start({ interval: 10, ...options });
  backend.pending.push(...pending);
  emulator.work(backend.url);
}

async function call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const payload = body && JSON.stringify(body);
  const reply = await fetch(`${emulator.url}${path}`, { method, ...(payload !== undefined && { body: payload }) });
  return { status: reply.status, body: await reply.json() };
}

beforeEach(async () => {
  backend = new Backend();
  await backend.start();
});

afterEach(async () => {
  await emulator.close();
  await backend.stop();
});

describe('an executor', () => {
  it('is started for what was handed out and reports to the end', async () => {
    await work({}, subtask(1, 'Fix it [exec ms=0 steps=2]'));
    const reports = await backend.until(5);

    expect(reports.map(({ status, progress }) => `${status} ${progress}`)).toEqual([
      ...['RUNNING 30', 'RUNNING 50', 'RUNNING 55', 'RUNNING 95', 'COMPLETED 100'],
    ]);
    expect(reports.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(reports.map(({ event_id }) => event_id)).size).toBe(5);
    expect(reports.at(-1)).toMatchObject({
      ...{ task_id: 7, subtask_id: 1, executor_name: expect.stringMatching(/^wegent-task-ann-[0-9a-f]{15}$/) },
      result: { value: 'coder: Fix it' },
    });
    expect(backend.of('POST /api/executors/tasks/dispatch')[0]?.query.toString()).toBe(
      'task_status=PENDING&limit=10&type=online',
    );
  });

  it('of Wegent sends neither numbers nor heartbeats nor a token', async () => {
    await work({ wegent: true }, subtask(1, '[exec behaviour=slow ms=30 beat=10 steps=1]'));
    const reports = await backend.until(4);

    expect(reports.filter((report) => 'seq' in report || 'event_id' in report)).toEqual([]);
    expect(backend.heard.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    expect(backend.of('POST /api/executors/tasks/1/heartbeat')).toEqual([]);
  });

  it('beats while it is slow', async () => {
    await work({ token: TOKEN }, subtask(1, '[exec behaviour=slow ms=30 beat=10 steps=1]'));
    await backend.until(4);

    expect(backend.of('POST /api/executors/tasks/1/heartbeat').length).toBeGreaterThanOrEqual(4);
    expect(backend.heard.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`)).toBe(true);
  });

  it('stops when a heartbeat tells it so', async () => {
    backend.beats.push({ status: 200, body: { cancelling: true } }, { status: 409, body: { code: 'lease_lost' } });
    const script = '[exec behaviour=slow ms=20000 beat=10]';
    await work({}, subtask(1, script), subtask(2, script, { task_id: 8 }));
    const reports = await backend.until(5);
    while (emulator.manager.load().running > 0) await sleep(5);

    expect(reports.map(({ status }) => status).sort()).toEqual(['CANCELLED', ...Array<string>(4).fill('RUNNING')]);
    expect(backend.heard.filter(({ route }) => route.endsWith('/heartbeat'))).toHaveLength(2);
  });

  it('crashes once, and works when it is handed out again', async () => {
    await work({}, subtask(1, '[exec behaviour=crashing after=1 ms=0 steps=0]'));
    await backend.until(2);
    backend.pending.push(subtask(1, '[exec behaviour=crashing after=1 ms=0 steps=0]'));
    const reports = await backend.until(5);

    expect(reports.map(({ progress }) => progress)).toEqual([30, 50, 30, 50, 100]);
  });

  it('fails with a script that it cannot read', async () => {
    await work({}, subtask(1, '[exec colour=red]'));

    expect((await backend.until(1))[0]).toMatchObject({ status: 'FAILED', error_message: /unknown key 'colour'/ });
  });

  it('sends a callback again that was not taken', async () => {
    backend.statuses.push(503);
    await work({}, subtask(1, '[exec ms=0 steps=0]'));
    const reports = await backend.until(4);

    expect(reports[1]).toEqual(reports[0]);
    expect(emulator.counters).toMatchObject({ failed: 1 });
  });

  it('gets the next step of its pipeline by the id of its task', async () => {
    const second = subtask(2, '[exec ms=0 steps=0]', { mode: 'pipeline', executor_name: 'later' });
    await work({}, subtask(1, '[exec ms=0 steps=0]', { mode: 'pipeline', subtask_next_id: 2 }), second);
    const reports = await backend.until(6);

    expect(reports.map(({ subtask_id }) => subtask_id)).toEqual([1, 1, 1, 2, 2, 2]);
    expect(backend.heard.some(({ query }) => query.get('task_ids') === '7')).toBe(true);
  });
});

describe('executors with tokens of their own', () => {
  it('report with theirs, and the manager fetches work with the internal one', async () => {
    await work({ token: TOKEN }, subtask(1, '[exec ms=0 steps=0]', { auth_token: 'of-subtask-1' }));
    const seen = (route: string) => new Set(backend.of(route).map(({ headers }) => headers['authorization']));
    await backend.until(3);

    expect(seen('POST /api/executors/tasks/dispatch')).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(seen('PUT /api/executors/tasks')).toEqual(new Set(['Bearer of-subtask-1']));
  });
});

describe('signatures', () => {
  it('cover time, method, path and body; forgeries do not fit', async () => {
    await work({ token: TOKEN, sign: true }, subtask(1, '[exec behaviour=replaying ms=0 steps=0]'));
    await backend.until(12);
    const fits = backend.of('PUT /api/executors/tasks').map(({ headers, body, query }) => {
      const time = String(headers['x-conch-timestamp']);
      const bodyHash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
      const text = `${time}.PUT./api/executors/tasks?${query.toString()}.${bodyHash}`;
      const digest = createHmac('sha256', TOKEN).update(text).digest('hex');

      return [headers['x-conch-signature'] === `v2=${digest}`, Math.abs(Number(time) - Date.now() / 1000) < 300];
    });

    // The callback, again, with another body, with an old time, with its time moved.
    const round = [true, true, false, true, false].map((fit, index) => [fit, index !== 3]);
    expect(fits).toEqual([[true, true], ...round, ...round, [true, true]]);
  });
});

describe('the manager', () => {
  it('cancels what runs', async () => {
    await work({}, subtask(1, '[exec behaviour=cancel-acks]'));
    await backend.until(2);

    expect(await call('POST', '/executor-manager/tasks/cancel', { task_id: 7 })).toMatchObject({
      status: 200,
      body: { status: 'success', task_ids: [7], containers: [expect.any(String)] },
    });
    expect((await backend.until(3)).at(-1)).toMatchObject({ status: 'CANCELLED', progress: 100 });
    expect((await call('POST', '/executor-manager/tasks/cancel', { task_id: 7 })).status).toBe(400);
  });

  it('refuses, or only pretends', async () => {
    const other = subtask(2, '[exec behaviour=cancel-ignored ms=20 steps=1]', { task_id: 8 });
    await work({}, subtask(1, '[exec behaviour=cancel-refuses ms=20 steps=1]'), other);
    await backend.until(4);
    const replies = [7, 8].map((id) => call('POST', '/executor-manager/tasks/cancel', { task_id: id }));

    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([400, 200]);
    const reports = await backend.until(8);
    expect(reports.filter(({ status }) => status === 'COMPLETED')).toHaveLength(2);
  });

  it('shows its load, and deletes containers', async () => {
    await work({}, subtask(1, '[exec behaviour=cancel-acks]'));
    const [{ executor_name: name } = { executor_name: '' }] = await backend.until(2);
    const containers = [{ task_id: '7', subtask_id: '1', container_name: name }];
    const load = { status: 'success', task_ids: [7], containers, running: 1, total: 1 };
    expect((await call('GET', '/executor-manager/executor/load')).body).toEqual(load);
    expect((await call('POST', '/executor-manager/executor/delete', { executor_name: name })).body).toEqual({
      status: 'success',
    });

    expect((await call('GET', '/executor-manager/executor/load')).body).toMatchObject({ running: 0, total: 0 });
    expect((await call('POST', '/executor-manager/executor/delete', { executor_name: name })).body).toMatchObject({
      status: 'unauthorized',
    });
  });

  it('says whether an executor lives; that of Wegent does not know this call', async () => {
    await work({}, subtask(1, '[exec behaviour=cancel-acks]'));
    const [{ executor_name: name } = { executor_name: '' }] = await backend.until(2);
    const state = (of: string) => call('GET', `/executor-manager/executor/${of}`);
    expect((await state(name)).body).toEqual({ status: 'running', task_id: 7 });
    expect((await state('other')).body).toEqual({ status: 'gone', task_id: null });
    await emulator.close();
    await work({ wegent: true });
    expect((await state(name)).status).toBe(404);
  });

  it('of Wegent fails a subtask, without a reason, when a container of its name is there', async () => {
    await work({ wegent: true }, subtask(1, '[exec ms=0 steps=0]'));
    await backend.until(3);
    backend.pending.push(subtask(1, '[exec ms=0 steps=0]'));
    const last = (await backend.until(4)).at(-1);

    expect(last).toMatchObject({ status: 'FAILED', progress: 100 });
    expect(last).not.toHaveProperty('error_message');
  });

  it('knows nothing of a container that is being started', async () => {
    await work({}, subtask(1, '[exec behaviour=starting start=300 ms=0 steps=0]'));
    while (emulator.counters.dispatched === 0) await sleep(5);
    expect((await call('POST', '/executor-manager/tasks/cancel', { task_id: 7 })).status).toBe(400);
    expect(emulator.manager.load().containers).toEqual([]);

    expect((await backend.until(3)).at(-1)).toMatchObject({ status: 'COMPLETED' });
  });

  it('passes on callbacks of executors outside', async () => {
    await work({});
    const report = { task_id: 7, subtask_id: 4, progress: 60, status: 'RUNNING', result: null };
    const reply = await call('POST', '/executor-manager/callback', report);

    expect(reply).toMatchObject({ status: 200, body: { status: 'success' } });
    expect(backend.reports).toEqual([{ task_id: 7, subtask_id: 4, progress: 60, status: 'RUNNING' }]);
  });

  it('shows its memory', async () => {
    await work({}, subtask(1, '[exec ms=0 steps=0]'));
    await backend.until(3);

    expect((await call('GET', '/health')).body).toEqual({ status: 'healthy' });
    expect((await call('GET', '/emulator/state')).body).toMatchObject({ counters: { dispatched: 1 }, executors: [{}] });
    expect((await call('GET', '/emulator/exchanges')).body).toMatchObject([{ kind: 'dispatch' }, {}, {}, {}]);
    expect((await call('GET', '/elsewhere')).status).toBe(404);
  });
});
