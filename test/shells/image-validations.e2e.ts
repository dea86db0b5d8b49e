import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ValidationReport } from '../../src/common/contracts/image-validation.js';
import { requestSignatureOf } from '../../src/common/secrets/signature.js';
import type { ErrorBody } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import {
  addExecutorTeam,
  addTask,
  ExecutorApi,
  type FakeManager,
  INTERNAL_TOKEN,
} from '../support/executors/executors.js';
import { ImageStage, SUBMITTED } from '../support/stages/image-stage.js';
import type { Stage } from '../support/stages/stage.js';
import { type ImageApi, ValidationStream } from '../support/executors/validations.js';

/** Silence of a tenth of it, and the manager is asked again. */
const TIMEOUT_SECONDS = 40;
const NODE = { name: 'node', status: 'pass', version: '22.1.0', message: 'node 22.1.0' } as const;
const PYTHON = { name: 'python3', status: 'fail', version: '3.9.2', message: '3.9.2, at least 3.12 wanted' } as const;
const GOOD: ValidationReport = { status: 'completed', valid: true, checks: [NODE] };
/** Of the manager of this project, for which the same order twice is one run. */
const LOAD = { status: 200, body: { status: 'success', task_ids: [], images: [], running: 0, total: 0 } };
const BAD: ValidationReport = { status: 'completed', valid: false, checks: [NODE, PYTHON] };

describe('validations of images, on two replicas', () => {
  let images: ImageStage;
  let stage: Stage;
  let manager: FakeManager;
  let headers: Record<string, string>;
  /** Of Ann and Ben, and of Ann at the other replica. */
  let ann: ImageApi;
  let far: ImageApi;
  let ben: ImageApi;
  let count = 0;
  /** An image that no other test knows. */
  let image: string;

  beforeAll(async () => {
    images = await ImageStage.start('distributed', TIMEOUT_SECONDS);
    ({ stage, manager, headers, ann, far, ben } = images);
  });

  beforeEach(() => {
    count += 1;
    image = `ghcr.io/acme/agent:${count}`;
    manager.answers['validate'] = () => SUBMITTED;
    manager.answers['load'] = () => LOAD;
  });

  afterAll(() => endAll(images));

  const open = (id: string, lastEventId?: string) => ValidationStream.open(stage.server(1), id, headers, lastEventId);

  it('a new shell is looked at, told live, and can be used when its image has passed', async () => {
    const shell = await ann.shell('good', image);
    const order = await ann.ordered(image);
    const { validation_id: id } = order;
    const stream = await open(id);
    await ann.report(id, { status: 'pulling_image', progress: 35, digest: 'sha256:1' });
    await far.report(id, { status: 'starting_container' });
    await far.report(id, { status: 'running_checks', progress: 80, checks: [NODE] });
    await ann.report(id, { ...GOOD, logTail: 'started' });
    await stream.untilClosed();

    const validation = { validationId: id, status: 'submitted', valid: null };
    expect(shell).toMatchObject({ state: 'Pending', validation });
    expect(order).toEqual({ image, shell_type: 'ClaudeCode', shell_name: 'good', validation_id: id });
    const last = nth(stream.events, -1).data;
    expect(last).toMatchObject({
      ...{ type: 'validation', validationId: id, image, shellName: 'good', shellType: 'ClaudeCode' },
      ...{ status: 'completed', stage: 'completed', progress: 100, valid: true, outcome: 'valid' },
      ...{ checks: [NODE], errors: [], errorMessage: null, digest: 'sha256:1', logTail: 'started' },
    });
    expect(Object.keys(last.stages).sort()).toEqual(
      ['completed', 'pulling_image', 'running_checks', 'starting_container', 'submitted'].sort(),
    );
    expect(await far.shown('good')).toMatchObject({
      state: 'Available',
      stateReason: null,
      validation: { valid: true },
    });
    const { body } = await ann.api.get<{ total: number; items: object[] }>('/shells/good/validations');
    expect(body).toMatchObject({ total: 1, items: [{ validationId: id, checks: [NODE] }] });
  });

  it('what is told never goes back, whatever order reports come in, and how many at once', async () => {
    const id = await ann.validate(image);
    const stream = await open(id);
    const reports: ValidationReport[] = Array.from({ length: 60 }, (_, index) => ({
      status: index % 3 === 0 ? 'pulling_image' : 'running_checks',
      progress: (index * 37) % 100,
      ...(index % 2 === 0 && { seq: index }),
    }));
    const replies = await Promise.all(reports.map((report, index) => (index % 2 ? ann : far).report(id, report)));
    await Promise.all([GOOD, BAD, GOOD].map((report) => ann.report(id, report)));
    await stream.untilClosed();
    const progress = stream.events.map(({ data }) => data.progress);

    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(stream.events.filter(({ data }) => data.outcome !== null)).toHaveLength(1);
    expect((await ann.status(id)).outcome).toBe(nth(stream.events, -1).data.outcome);
  });

  it('the same image asked for at once is one validation; another user or type has one of their own', async () => {
    const asked = Array.from({ length: 6 }, (_, index) => (index % 2 ? ann : far).validate(image));
    const ids = new Set(await Promise.all(asked));
    const others = [await ben.validate(image), await ann.validate(image, { shellType: 'Agno' })];
    await eventually('all were given to the manager', () => ann.orders(image).length >= 3);

    expect(ids.size).toBe(1);
    expect(new Set(ann.orders(image).map(({ validation_id: id }) => id))).toEqual(new Set([...ids, ...others]));
    await ann.report(nth([...ids], 0), GOOD);
    expect(await ann.validate(image)).not.toBe(nth([...ids], 0));
  });

  it('a bad image makes the shell unavailable, and nothing starts in it, until another one is good', async () => {
    await ann.shell('bad', image);
    const { teamId } = await addExecutorTeam(ann.api, 'bad-team', [{ name: 'bad-bot', shell: 'bad' }], 'solo');
    const executor = new ExecutorApi(stage.api);
    const create = () => ann.api.post<ErrorBody>('/tasks/create', { prompt: 'hi', team_id: teamId });
    const pending = await create();
    const { validation_id: id } = await ann.ordered(image);
    await ann.report(id, BAD);
    const refused = await create();

    expect([pending.status, pending.body.code]).toEqual([409, 'shell_not_available']);
    expect(pending.body.message).toContain('the shell "bad" is Pending');
    expect([refused.status, refused.body.code]).toEqual([409, 'shell_not_available']);
    expect(refused.body.message).toContain('Unavailable: python3: 3.9.2, at least 3.12 wanted');
    expect(await ann.shown('bad')).toMatchObject({ state: 'Unavailable', stateReason: `python3: ${PYTHON.message}` });

    const mended = `${image}-mended`;
    await ann.api.call('PUT', '/shells/bad', { baseImage: mended });
    expect(await ann.shown('bad')).toMatchObject({ state: 'Pending', stateReason: null });
    await far.report((await ann.ordered(mended)).validation_id, GOOD);
    const taskId = await addTask(ann.api, teamId);
    const work = await executor.take();
    expect(work.bot[0]).toMatchObject({ name: 'bad-bot', base_image: mended });
    await executor.report(work.subtask_id, 'COMPLETED', { result: { value: 'done' } });
    await eventually('it has ended', async () => (await ann.api.task(taskId)).status === 'COMPLETED');

    // What waits is not handed out, and an ended task takes no more turns.
    const waiting = await addTask(ann.api, teamId);
    await ann.api.call('PUT', '/shells/bad', { baseImage: `${image}-other` });
    const append = await ann.api.post<ErrorBody>(`/tasks/${taskId}`, { prompt: 'more' });
    expect([append.status, append.body.code]).toEqual([409, 'shell_not_available']);
    expect(await executor.dispatch()).toEqual([]);
    const failed = await eventually('the waiting one has failed', async () => {
      const task = await ann.api.task(waiting);

      return task.status === 'FAILED' && task;
    });
    expect(failed.error_message).toContain('the shell "bad" is Pending');
    const retry = await ann.api.post<ErrorBody>(`/tasks/${waiting}/retry`);
    expect([retry.status, retry.body.code]).toEqual([409, 'shell_not_available']);
  });

  it('a verdict counts for every shell of the user with that image', async () => {
    const id = await ann.validate(image);
    const before = await ann.shell('early', image);
    await ann.report(id, GOOD);
    const after = await far.shell('late', image);
    const bens = await ben.shell('early', image);

    expect(before.validation?.validationId).toBe(id);
    expect([(await ann.shown('early')).state, after.state, bens.state]).toEqual(['Available', 'Available', 'Pending']);
  });

  it('without a verdict the last one stands; without any the shell waits, with the reason', async () => {
    const trouble = {
      status: 'completed',
      valid: false,
      code: 'registry_unavailable',
      errorMessage: 'no route to ghcr.io',
    };
    await ann.shell('unlucky', image);
    const { validation_id: first } = await ann.ordered(image);
    await ann.report(first, trouble);
    const waiting = await ann.shown('unlucky');
    await ann.report(await ann.validate(image), GOOD);
    await ann.report(await ann.validate(image), trouble);

    expect(await ann.status(first)).toMatchObject({
      ...{ status: 'completed', outcome: 'error', valid: false, retryable: true },
      ...{ errorCode: 'registry_unavailable', errorMessage: 'no route to ghcr.io' },
    });
    expect(waiting).toMatchObject({ state: 'Pending', stateReason: 'no route to ghcr.io' });
    expect(await ann.shown('unlucky')).toMatchObject({ state: 'Available', validation: { outcome: 'error' } });
  });

  it('reports in the words of Wegent count: nulls, unknown fields, progress of its own', async () => {
    const id = await ann.validate(image);
    const nulls = { valid: null, checks: null, errors: null, errorMessage: null };
    await ann.report(id, { status: 'starting_container', stage: 'Starting', progress: 50, ...nulls, task_id: -1 });
    const checks = [{ name: 'node', version: null, status: 'fail', message: null, extra: 1 }];
    await ann.report(id, { status: 'completed', stage: 'completed', progress: 100, ...nulls, valid: false, checks });

    expect(await ann.status(id)).toMatchObject({
      outcome: 'invalid',
      checks: [{ name: 'node', version: null, message: '' }],
    });
  });

  it("nobody reports but the manager, and nobody sees what is somebody else's", async () => {
    const id = await ann.validate(image);
    const body = JSON.stringify({ status: 'running_checks' });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signed = (signature: string) => ({ 'x-conch-timestamp': timestamp, 'x-conch-signature': signature });
    const request = { method: 'POST', path: `/api/shells/validation-status/${id}`, body };
    const signature = requestSignatureOf(INTERNAL_TOKEN, timestamp, request);
    const forged = [{}, headers, { authorization: 'Bearer wrong' }, signed(signature.replace(/.$/, 'x'))];
    for (const proof of forged) expect((await stageReport(proof)).status).toBe(401);
    expect((await stageReport(signed(signature))).status).toBe(200);
    expect((await stageReport(signed(signature))).status).toBe(401);

    for (const unknown of [randomUUID(), 'nonsense']) expect((await ann.report(unknown, GOOD)).status).toBe(404);
    expect((await ann.report(id, { status: 'nearly' })).status).toBe(422);
    const foreign = [
      await ben.api.get(`/shells/validation-status/${id}`),
      await ben.api.get(`/shells/validation-status/${id}/events`),
      await ben.api.post(`/shells/validation-status/${id}/cancel`),
      await ben.api.get('/shells/good/validations'),
    ];
    expect(foreign.map(({ status }) => status)).toEqual([404, 404, 404, 404]);

    function stageReport(proof: Record<string, string>) {
      return stage.api.call('POST', `/shells/validation-status/${id}`, { status: 'running_checks' }, proof);
    }
  });

  it('is cancelled: what comes later is told that nobody waits, and the image can be asked for again', async () => {
    await ann.shell('stopped', image);
    const { validation_id: id } = await ann.ordered(image);
    const { status, body } = await ann.api.post(`/shells/validation-status/${id}/cancel`);
    const again = await ann.api.post(`/shells/validation-status/${id}/cancel`);
    const late = await far.report(id, GOOD);

    expect([status, again.status]).toEqual([200, 409]);
    expect(body).toMatchObject({ outcome: 'cancelled', status: 'completed', valid: false });
    expect([late.status, late.body.ignored]).toEqual([200, 'ended']);
    expect(await ann.shown('stopped')).toMatchObject({ state: 'Pending', stateReason: 'The validation was cancelled' });
    expect(await ann.validate(image)).not.toBe(id);
  });

  it('is given to a silent manager again, and ends at its deadline with the stage that it was in', async () => {
    const id = await ann.validate(image);
    await ann.report(id, { status: 'pulling_image', progress: 42 });
    const stream = await open(id);
    await shift('heard_at', id);
    await eventually('the manager is asked again', () => ann.orders(image).length > 1);
    await shift('deadline_at', id);
    await stream.untilClosed();

    const last = nth(stream.events, -1).data;
    expect(last).toMatchObject({ outcome: 'error', errorCode: 'deadline_exceeded', retryable: true });
    expect(last.errorMessage).toContain('pulling_image');
    expect(new Set(ann.orders(image).map(({ validation_id: ordered }) => ordered))).toEqual(new Set([id]));

    /** As if that much time had passed. */
    function shift(column: 'heard_at' | 'deadline_at', validationId: string) {
      const past = `update image_validations set ${column} = ${column} - interval '${TIMEOUT_SECONDS} seconds' where id = $1`;

      return stage.postgres.query(past, [validationId]);
    }
  });

  it('a stream is taken up where it was left', async () => {
    const id = await ann.validate(image);
    const first = await open(id);
    await first.untilCount(1);
    first.close();
    await ann.report(id, { status: 'pulling_image', progress: 30 });
    const second = await open(id, first.lastId);
    await second.untilCount(1);
    await ann.report(id, GOOD);
    await second.untilClosed();
    const third = await open(id, second.lastId);
    await third.untilClosed();
    const whole = await open(id, 'of-another-stream');
    await whole.untilClosed();

    expect(second.events.map(({ data }) => data.status)).toEqual(['pulling_image', 'completed']);
    expect([third.status, third.events]).toEqual([204, []]);
    expect(whole.events.map(({ data }) => data.status)).toEqual(['completed']);
  });
});
