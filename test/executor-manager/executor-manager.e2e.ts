import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { STAGE_PROGRESS, VALIDATION_STAGES } from '../../src/common/contracts/image-validation.js';
import { endAll, eventually } from '../support/child.js';
import { type ImageFiles, sh, withShell } from '../support/executors/docker-engine.js';
import { ManagerCalls, ManagerStage } from '../support/stages/manager-stage.js';

type Manager = Awaited<ReturnType<ManagerStage['manager']>>;

/** A program for the machine with this number in the header of its file; 183 is AArch64. */
function foreign(machine = 183): Buffer {
  const program = readFileSync('/bin/busybox');
  program.writeUInt16LE(machine, 18);

  return program;
}

/** Tells by its status what an image can do that it must not be able to do. */
const PRYING = sh(
  '(echo x > /x) 2>/dev/null && exit 3',
  'echo x > "$HOME/x" || exit 4',
  'grep -q "CapEff:.*0000000000000000" /proc/self/status || exit 5',
  'grep -q "NoNewPrivs:.*1" /proc/self/status || exit 6',
  '[ "$(ls /sys/class/net)" = lo ] || exit 7',
  '[ -e /var/run/docker.sock ] && exit 8',
  'echo "1.0.58 (Claude Code)"',
);
const prints = (text: string) => sh(`echo "${text}"`);
const CLAUDE_CODE = withShell({
  'bin/node': prints('v22.11.0'),
  'usr/bin/claude': PRYING,
  'usr/bin/sqlite3': prints('3.50.4 2025-07-30 19:33:53 (64-bit)'),
  'usr/bin/python3': prints('Python 3.13.5'),
});
const AGNO = withShell({ 'bin/python3': prints('Python 3.12.0') });

/** Images that have no shell that works, and words of the reason that is told. */
const SHELLS: [name: string, reason: string, files: ImageFiles, changes: string[]][] = [
  ['scratch', 'has no shell', { app: { copy: '/bin/busybox' } }, []],
  ['other-processor', 'built for another processor', { 'bin/sh': foreign() }, []],
  ['no-libc', 'what loads it is not', { 'bin/sh': { copy: '/bin/dash' } }, []],
  [
    'exits',
    'ends at once, with status 0',
    withShell({ 'bin/true': { linkTo: 'busybox' }, 'bin/sh': '#!/bin/true\n' }),
    [],
  ],
  ['nobody', "The image's USER does not exist", AGNO, ['USER agent']],
];

describe('the executor manager on a real engine', () => {
  let stage: ManagerStage;
  let manager: Manager;

  beforeAll(async () => {
    stage = await ManagerStage.start();
    manager = await stage.manager({ IMAGE_CHECK_TIMEOUT_SECONDS: '5', IMAGE_VALIDATION_CONCURRENCY: '4' });
    await stage.docker.addImage('good', CLAUDE_CODE);
    await stage.docker.addImage('agno', AGNO);
  });

  afterAll(async () => {
    await endAll(manager, stage);
  });

  it('passes a good image, stage by stage, and locks it in', async () => {
    const id = randomUUID();
    const receipt = await manager.submit('good', 'ClaudeCode', id);
    const last = await stage.desk.ended(id);

    expect(receipt).toMatchObject({ status: 'submitted', validation_task_id: expect.any(Number) as unknown });
    expect(last).toMatchObject({ valid: true, progress: 100, errors: [] });
    expect(last.checks?.map(({ name, status, version }) => [name, status, version])).toEqual([
      ['node', 'pass', '22.11.0'],
      ['claude', 'pass', '1.0.58'],
      ['sqlite3', 'pass', '3.50.4'],
      ['python3', 'pass', '3.13.5'],
    ]);
    const reports = stage.desk.reports(id);
    const stages = reports.map(({ status }) => VALIDATION_STAGES.indexOf(status));
    expect(stages).toEqual([...stages].sort());
    expect(reports.map(({ seq = 0 }) => seq)).toEqual(reports.map(({ seq = 0 }) => seq).sort((a, b) => a - b));
    for (const { status, progress = 0 } of reports) {
      expect(progress).toBeGreaterThanOrEqual(STAGE_PROGRESS[status][0]);
      expect(progress).toBeLessThanOrEqual(STAGE_PROGRESS[status][1]);
    }
    expect(await stage.docker.containers()).toEqual([]);
  });

  it.each(SHELLS)('tells why the image "%s" is of no use: %s', async (name, reason, files, changes) => {
    await stage.docker.addImage(name, files, changes);
    const { valid, errors, checks, code } = await stage.validate(manager, name);

    expect({ valid, checks, code }).toEqual({ valid: false, checks: [], code: undefined });
    expect(errors).toEqual([expect.stringContaining(reason)]);
    expect(await stage.docker.containers()).toEqual([]);
  });

  it('judges every program by itself, and stops those that do not end or print too much', async () => {
    const files = withShell({
      'bin/node': sh('while :; do :; done'),
      'bin/claude': sh('yes'),
      'bin/sqlite3': { copy: '/bin/dash' },
      'bin/python3': prints('Python 3.9.2'),
    });
    await stage.docker.addImage('bad', files);
    const { valid, checks = [], errors, logTail = '' } = await stage.validate(manager, 'bad', 'ClaudeCode');

    expect(valid).toBe(false);
    expect(checks.map(({ status, message }) => `${status} ${message}`)).toEqual([
      'fail "node --version" did not end within 5 s',
      'fail "claude --version" printed too much',
      expect.stringContaining('sqlite3 is there, but what loads it is not'),
      'fail The version is 3.9.2, at least 3.12.0 is needed',
    ]);
    expect(checks.every(({ hint }) => hint)).toBe(true);
    expect(errors).toHaveLength(4);
    expect(logTail).toContain('$ python3 --version\nPython 3.9.2');
    expect(logTail.length).toBeLessThan(10_000);
    expect(await stage.docker.containers()).toEqual([]);
  });

  it('validates twenty images at once, four at a time', async () => {
    const ids = Array.from({ length: 20 }, () => randomUUID());
    await Promise.all(ids.map((id) => manager.submit('agno', 'Agno', id)));
    let most = 0;
    const watching = setInterval(() => {
      void stage.docker.containers().then(({ length }) => (most = Math.max(most, length)));
    }, 100);
    const load = await manager.call('GET', '/executor-manager/executor/load');
    const reports = await Promise.all(ids.map((id) => stage.desk.ended(id, 60_000)));
    clearInterval(watching);

    expect(load.body).toMatchObject({ running: 4, total: 20 });
    expect(reports.filter(({ valid }) => !valid)).toEqual([]);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    const idle = async () => (await manager.call('GET', '/executor-manager/executor/load')).body['total'] === 0;
    await eventually('nothing is left to do', idle);
  });

  it('makes one run of the same validation twice, and tells its end again', async () => {
    const id = randomUUID();
    const receipts = await Promise.all([manager.submit('agno', 'Agno', id), manager.submit('agno', 'Agno', id)]);
    await stage.desk.ended(id);
    const third = await manager.submit('agno', 'Agno', id);

    expect(new Set([...receipts, third].map(({ validation_task_id: task }) => task)).size).toBe(1);
    const ends = () => stage.desk.reports(id).filter(({ status }) => status === 'completed');
    await eventually('the end is told again', () => ends().length === 2);
    expect(ends().every(({ valid }) => valid)).toBe(true);
  });

  it('reports until it is heard, and stops when nobody waits', async () => {
    const [heard, unwanted] = [randomUUID(), randomUUID()];
    stage.desk.answers = [{ status: 503 }, { status: 429 }];
    await manager.submit('agno', 'Agno', heard);
    expect(await stage.desk.ended(heard)).toMatchObject({ valid: true });

    stage.desk.answers = [{ status: 404, body: { detail: 'Validation not found' } }];
    await manager.submit('bad', 'ClaudeCode', unwanted);
    const idle = async () => (await manager.call('GET', '/executor-manager/executor/load')).body['total'] === 0;
    await eventually('the run is stopped', idle);
    expect(stage.desk.reports(unwanted)).toHaveLength(1);
    expect(await stage.docker.containers()).toEqual([]);
    await manager.submit('agno', 'Agno', unwanted);
    expect(await stage.desk.ended(unwanted)).toMatchObject({ valid: true });
  });

  it('stops a validation that is cancelled', async () => {
    await stage.docker.addImage('slow', withShell({ 'bin/python3': sh('sleep 1000') }));
    const patient = await stage.manager();
    const id = randomUUID();
    const { validation_task_id: task = 0 } = await patient.submit('slow', 'Agno', id);
    await stage.desk.reached(id, 'running_checks');
    const cancelled = await patient.call('POST', '/executor-manager/tasks/cancel', { task_id: task });
    const unknown = await patient.call('POST', '/executor-manager/tasks/cancel', { task_id: -7 });
    const executor = await patient.call('POST', '/executor-manager/tasks/cancel', { task_id: 7 });

    expect([cancelled.status, unknown.status, executor.status]).toEqual([200, 400, 503]);
    expect(await stage.desk.ended(id)).toMatchObject({ code: 'interrupted' });
    expect(await stage.docker.containers()).toEqual([]);
    await patient.stop();
  });

  it('leaves nothing behind when it is stopped, and does not pretend to know', async () => {
    const second = await stage.manager();
    const id = randomUUID();
    await second.submit('slow', 'Agno', id);
    await stage.desk.reached(id, 'running_checks');
    await second.stop();

    expect(await stage.docker.containers()).toEqual([]);
    expect(stage.desk.reports(id).some(({ status }) => status === 'completed')).toBe(false);
  });

  it('knows no verdict without an engine', async () => {
    const lonely = await stage.manager({ DOCKER_SOCKET: '/nowhere/docker.sock' });
    const report = await stage.validate(lonely, 'agno');
    const health = await lonely.call('GET', '/health');

    expect(report).toMatchObject({ status: 'completed', code: 'engine_unavailable' });
    expect([report.valid, report.errors]).toEqual([undefined, undefined]);
    expect(health).toMatchObject({ status: 200, body: { status: 'healthy' } });
    expect(health.body['engine']).toContain('ENOENT');
    expect((await manager.call('GET', '/health')).body).toEqual({ status: 'healthy', engine: 'ok' });
    await lonely.stop();
  });

  it.each([
    ['Agno', 'r.example/UPPER:1', 'error', false],
    ['Agno', 'https://r.example/app', 'error', false],
    ['Nonsense', 'agno', 'error', false],
    ['Dify', 'agno', 'skipped', true],
  ])('answers at once about %s and %s', async (shellType, image, status, valid) => {
    expect(await manager.submit(image, shellType)).toMatchObject({ status, valid });
  });

  it('lets nobody in without the token', async () => {
    const stranger = new ManagerCalls(manager.url, 'a-token-of-somebody-else');
    const order = { image: 'agno', shell_type: 'Agno' };
    const replies = await Promise.all([
      stranger.call('POST', '/executor-manager/images/validate', order),
      stranger.call('POST', '/executor-manager/callback', { task_id: 1 }),
      stranger.call('GET', '/executor-manager/executor/load'),
    ]);

    expect(replies.map(({ status }) => status)).toEqual([401, 401, 401]);
  });

  it('passes callbacks of executors on, and what the API answers back', async () => {
    const callback = { task_id: 5, subtask_id: 6, progress: 50, status: 'RUNNING', result: { value: 'so far' } };
    const post = (body: unknown) => manager.call('POST', '/executor-manager/callback', body);
    const taken = await post(callback);
    stage.desk.answers = [{ status: 409, body: { code: 'lease_lost', detail: 'stop' } }, { status: 401 }];
    const lost = await post(callback);
    const refused = await post(callback);
    const strange = await post([callback]);

    expect(taken.body).toEqual({ status: 'success', message: 'Passed on' });
    expect(stage.desk.calls.at(-1)).toMatchObject({ method: 'PUT', path: '/api/executors/tasks', body: callback });
    expect(lost).toMatchObject({ status: 409, body: { code: 'lease_lost' } });
    expect([refused.status, strange.status]).toEqual([503, 422]);
  });
});
