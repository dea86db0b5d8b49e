import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { Api, ErrorBody, Turn } from '../support/api.js';
import { started, startOf } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { Pipeline, shapeOf, textsOf } from '../support/content/pipelines.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold } from '../support/streams/sse.js';
import { type Stage, STAGES } from '../support/stages/stage.js';

const TEXTS = [generatedText(8, 6), generatedText(9, 8), generatedText(7, 7)] as const;
const SCRIPTS = ['tokens=8 size=6 rate=100', 'tokens=9 size=8 rate=100', 'tokens=7 size=7 rate=100'];
const SHAPE = 'start1 content usage start2 content usage start3 content usage done';

interface CancelBody {
  subtask_id: number;
  status: string;
  proof: object;
}

describe.each(STAGES)('a pipeline, %s', (kind) => {
  let stage: Stage;
  let api: Api;
  let replicas: Api[];
  let line: Pipeline;
  let ended: Turn;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
    replicas = stage.servers.map((server) => server.api);
    line = await Pipeline.add(stage, SCRIPTS);
    ended = await api.turn({ prompt: 'Write a poem', team_id: line.teamId });
  });

  afterAll(() => endAll(stage));

  it('answers step by step in one stream, each step with its own text', async () => {
    const { events } = ended.stream;
    const steps = await line.steps(ended.taskId);

    expect(flaws(events)).toEqual([]);
    expect(shapeOf(events)).toBe(SHAPE);
    expect([...textsOf(events)]).toEqual(steps.map(({ id }, index) => [id, TEXTS[index]]));
    expect(steps.map(({ status, result }) => [status, result?.value])).toEqual(
      TEXTS.map((text) => ['COMPLETED', text]),
    );
    expect(nth(events, 0).subtaskId).toBe(nth(steps, 0).id);
    expect(await api.task(ended.taskId)).toMatchObject({
      ...{ status: 'COMPLETED', progress: 100, error_message: null },
      result: { value: TEXTS[2] },
    });
    const models = events.flatMap(({ data }) => (data.type === 'start' ? [data.model] : []));
    expect(models).toEqual(line.models);
  });

  it('asks each step with what the one before has answered, and nothing else of this turn', () => {
    const asked = [1, 2, 3].map((step) => line.requests(step));
    const bodies = asked.map((requests) => JSON.stringify(requests.map(({ body }) => body)));

    expect(asked.map((requests) => requests.length)).toEqual([1, 1, 1]);
    expect(bodies[0]).not.toContain('Previous execution result');
    expect(bodies[1]).toContain(`Write a poem\\nPrevious execution result: ${TEXTS[0]}`);
    expect(bodies[2]).toContain(`Write a poem\\nPrevious execution result: ${TEXTS[1]}`);
    expect(bodies[2]).not.toContain(TEXTS[0].trim());
  });

  it('can be resumed from every event on, by any of its steps, on every replica', async () => {
    const { events } = ended.stream;
    const steps = await line.steps(ended.taskId);
    for (const replica of replicas) {
      for (const [index, { id, seq }] of events.slice(0, -1).entries()) {
        const query = `?subtask_id=${nth(steps, index % 3).id}`;
        const rest = await (await replica.attach(ended.taskId, id, query)).untilClosed();
        expect(flaws(rest.events, seq)).toEqual([]);
        expect(rest.events.map((event) => [event.id, event.data])).toEqual(
          events.slice(index + 1).map((event) => [event.id, event.data]),
        );
      }
      expect((await replica.attach(ended.taskId, ended.stream.lastId)).status).toBe(204);
    }
  });

  it('can be followed live from every event on', async () => {
    const stream = await api.ask({ prompt: 'Write another', team_id: line.teamId });
    const { taskId } = await started(stream);
    const resumed = [];
    for (let count = 1; !stream.isComplete; count += 4) {
      await stream.untilCount(count).catch(() => undefined);
      const event = stream.events[count - 1];
      if (!event) break;
      for (const replica of replicas) resumed.push({ event, rest: await replica.attach(taskId, event.id) });
    }
    await stream.untilClosed();

    expect(resumed.length).toBeGreaterThan(2);
    for (const { event, rest } of resumed) {
      await rest.untilClosed();
      if (!rest.isStream) continue;
      expect(flaws(rest.events, event.seq)).toEqual([]);
      const before = stream.events.filter(({ seq }) => seq <= event.seq);
      expect([...textsOf([...before, ...rest.events])]).toEqual([...textsOf(stream.events)]);
    }
  });

  it('gives later turns the answers of all steps', async () => {
    const next = await api.turn({ prompt: 'And now?', task_id: ended.taskId });
    const body = JSON.stringify(line.requests(1).at(-1)?.body);

    expect(shapeOf(next.stream.events)).toBe(SHAPE);
    for (const text of TEXTS) expect(body).toContain(text.trim());
    expect(await line.steps(ended.taskId)).toHaveLength(6);
  });

  it('starts by the tasks API as well', async () => {
    const { body: task } = await api.post<{ id: number }>('/tasks/create', { prompt: 'Later', team_id: line.teamId });
    const stream = await (
      await api.open(`/direct-chat/${task.id}/stream`, { method: 'POST', body: { bot_prompt: 'Be brief.' } })
    ).untilClosed();

    expect(flaws(stream.events)).toEqual([]);
    expect([...textsOf(stream.events).values()]).toEqual([...TEXTS]);
    expect((await api.task(task.id)).status).toBe('COMPLETED');
    for (const step of [1, 2, 3]) expect(JSON.stringify(line.requests(step).at(-1)?.body)).toContain('Be brief.');
  });

  it('is one answer for an idempotency key', async () => {
    const before = stage.simulator.counters.requests;
    const headers = { 'idempotency-key': `line-${kind}` };
    const ask = { prompt: 'Once', team_id: line.teamId };
    const streams = await Promise.all([...replicas, ...replicas].map((replica) => replica.ask(ask, headers)));
    for (const stream of streams) await stream.untilClosed();
    const late = await api.turn(ask, headers);

    for (const { events } of streams) expect([...textsOf(events)]).toEqual([...textsOf(late.stream.events)]);
    expect(stage.simulator.counters.requests - before).toBe(3);
  });

  it('ends with the step that fails', async () => {
    const broken = await Pipeline.add(stage, [nth(SCRIPTS, 0), 'status=401', nth(SCRIPTS, 2)]);
    const { taskId, stream, terminal } = await api.turn({ prompt: 'Fail', team_id: broken.teamId });
    const steps = await broken.steps(taskId);

    expect(flaws(stream.events)).toEqual([]);
    expect(shapeOf(stream.events)).toBe('start1 content usage start2 error');
    expect(terminal).toMatchObject({ type: 'error', code: 'provider_auth' });
    expect(steps.map(({ status }) => status)).toEqual(['COMPLETED', 'FAILED', 'CANCELLED']);
    expect(steps.map(({ result }) => result?.value)).toEqual([TEXTS[0], '', undefined]);
    expect(await api.task(taskId)).toMatchObject({
      status: 'FAILED',
      error_message: terminal?.type === 'error' && terminal.error,
    });
    expect(broken.requests(3)).toEqual([]);
  });

  it('tells which step it is that cannot begin', async () => {
    const line2 = await Pipeline.add(stage, ['tokens=30 rate=20', nth(SCRIPTS, 1)]);
    const stream = await api.ask({ prompt: 'Fail later', team_id: line2.teamId });
    const { taskId } = await started(stream);
    const gone = await api.call('PUT', `/models/${nth(line2.models, 1)}`, { isActive: false });
    await stream.untilClosed();
    const steps = await line2.steps(taskId);

    expect(gone.status).toBe(200);
    expect(flaws(stream.events)).toEqual([]);
    expect(shapeOf(stream.events)).toBe('start1 content usage resync error');
    expect([...textsOf(stream.events)]).toEqual([
      [nth(steps, 0).id, generatedText(30)],
      [nth(steps, 1).id, ''],
    ]);
    expect(steps.map(({ status }) => status)).toEqual(['COMPLETED', 'FAILED']);
  });

  it('is refused at once when a later step has no model', async () => {
    const late = await Pipeline.add(stage, SCRIPTS);
    await api.call('DELETE', `/models/${nth(late.models, 2)}`);
    const reply = await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'Never', team_id: late.teamId });

    expect([reply.status, reply.body.code]).toEqual([400, 'model_not_configured']);
    expect(late.requests(1)).toEqual([]);
  });

  it('keeps what was said when it is cancelled, from any replica', async () => {
    const slow = await Pipeline.add(stage, [nth(SCRIPTS, 0), 'tokens=3000 size=8 rate=100', nth(SCRIPTS, 2)]);
    for (const replica of replicas) {
      const aborts = stage.simulator.counters.aborts;
      const stream = await api.ask({ prompt: 'Stop', team_id: slow.teamId });
      const { taskId } = await started(stream);
      const second = await stream.until(
        ({ data }) => data.type === 'start' && data.subtask_id !== startOf(stream).subtaskId,
      );
      await stream.untilCount(stream.events.indexOf(second) + 6);
      const reply = await replica.cancel<CancelBody>(taskId);
      await stream.untilClosed();
      const steps = await slow.steps(taskId);

      expect([reply.status, reply.body.status, reply.body.subtask_id]).toEqual([200, 'CANCELLED', nth(steps, 1).id]);
      expect(reply.body.proof).toEqual({ while: 'running', provider_closed_ms: expect.any(Number) });
      expect(flaws(stream.events)).toEqual([]);
      const { content, terminal } = fold(stream.events);
      expect(terminal).toMatchObject({ type: 'cancelled', cancelled: true, proof: reply.body.proof });
      expect(content.length).toBeGreaterThan(0);
      expect(generatedText(3000, 8).startsWith(content)).toBe(true);
      expect(steps.map(({ status }) => status)).toEqual(['COMPLETED', 'CANCELLED', 'CANCELLED']);
      expect(steps.map(({ result }) => result?.value)).toEqual([TEXTS[0], content, undefined]);
      expect((await api.task(taskId)).status).toBe('CANCELLED');
      await eventually('the provider sees the abort', () => stage.simulator.counters.aborts === aborts + 1);
    }
    expect(slow.requests(3)).toEqual([]);
  });

  it('can be cancelled before it is started', async () => {
    const { body: task } = await api.post<{ id: number }>('/tasks/create', { prompt: 'Never', team_id: line.teamId });
    const reply = await api.cancel<CancelBody>(task.id);

    expect([reply.status, reply.body.status]).toEqual([200, 'CANCELLED']);
    expect((await line.steps(task.id)).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
  });
});
