import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { Api, ErrorBody } from '../support/api.js';
import { started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';

interface CancelBody {
  message: string;
  task_id: number;
  subtask_id: number;
  status: string;
  proof: { provider_closed_ms?: number; while: string };
}

describe.each(STAGES)('cancelling, %s', (kind) => {
  let stage: Stage;
  let api: Api;
  let replicas: Api[];

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
    replicas = stage.servers.map((server) => server.api);
  });

  afterAll(() => endAll(stage));

  it('stops a running answer, from any replica, and keeps its text', async () => {
    for (const replica of [...replicas, ...replicas]) {
      const aborts = stage.simulator.counters.aborts;
      const stream = await api.ask(script('tokens=3000 rate=100'));
      const ids = await started(stream);
      await stream.untilCount(10);
      const reply = await replica.cancel<CancelBody>(ids.taskId);
      await stream.untilClosed();

      expect(reply.status).toBe(200);
      expect(reply.body).toMatchObject({ task_id: ids.taskId, subtask_id: ids.subtaskId, status: 'CANCELLED' });
      expect(reply.body.proof).toEqual({ while: 'running', provider_closed_ms: expect.any(Number) });
      await eventually('the provider sees the abort', () => stage.simulator.counters.aborts === aborts + 1);
      expect(flaws(stream.events)).toEqual([]);
      const { content, terminal } = fold(stream.events);
      expect(terminal).toMatchObject({ type: 'cancelled', cancelled: true, proof: reply.body.proof });
      expect(content.length).toBeGreaterThan(0);
      expect(generatedText(3000).startsWith(content)).toBe(true);
      const task = await api.task(ids.taskId);
      expect([task.status, task.result?.value]).toEqual(['CANCELLED', content]);
      expect(task.subtasks[1]).toMatchObject({ status: 'CANCELLED', result: { value: content } });
    }
  });

  it('stops an answer before its first token', async () => {
    for (const replica of replicas) {
      const aborts = stage.simulator.counters.aborts;
      const stream = await api.ask(script('case=hang-before-headers'));
      const { taskId } = await started(stream);
      await eventually('the provider is asked', () => stage.simulator.counters.openStreams === 1);
      const reply = await replica.cancel<CancelBody>(taskId);
      await stream.untilClosed();

      expect([reply.status, reply.body.proof.while]).toEqual([200, 'running']);
      await eventually('the provider sees the abort', () => stage.simulator.counters.aborts === aborts + 1);
      expect(fold(stream.events)).toMatchObject({ content: '', terminal: { type: 'cancelled' } });
      expect(await api.task(taskId)).toMatchObject({ status: 'CANCELLED', result: { value: '' } });
    }
  });

  it('answers alike when asked twice at once, and task_final afterwards', async () => {
    const stream = await api.ask(script('tokens=3000 rate=100'));
    const { taskId } = await started(stream);
    await stream.untilType('content');
    const replies = await Promise.all(
      [api, ...replicas].map((replica) => replica.cancel<CancelBody & ErrorBody>(taskId)),
    );

    for (const { status, body } of replies) {
      if (status === 200) expect(body.status).toBe('CANCELLED');
      else expect([status, body.code]).toEqual([400, 'task_final']);
    }
    expect(replies.map(({ status }) => status)).toContain(200);
    const late = await api.cancel<ErrorBody>(taskId);
    expect([late.status, late.body.code]).toEqual([400, 'task_final']);
    await stream.untilClosed();
    expect(flaws(stream.events)).toEqual([]);
  });

  it('refuses for an answer that has ended', async () => {
    const { taskId } = await api.turn(script('tokens=1 rate=0'));
    const reply = await api.cancel<ErrorBody>(taskId);

    expect([reply.status, reply.body.code]).toEqual([400, 'task_final']);
    expect((await api.task(taskId)).status).toBe('COMPLETED');
  });

  it('knows no task that does not exist', async () => {
    for (const id of ['987654', '0', 'abc', '-1', '99999999999']) {
      const reply = await api.post<ErrorBody>(`/direct-chat/${id}/cancel`);
      expect([id, reply.status, reply.body.code]).toEqual([id, 404, 'not_found']);
    }
  });

  it('stops by the tasks API as well', async () => {
    const stream = await api.ask(script('tokens=3000 rate=100'));
    const { taskId } = await started(stream);
    await stream.untilType('content');
    const reply = await api.post(`/tasks/${taskId}/cancel`);
    await stream.untilClosed();

    expect([reply.status, reply.body['status']]).toEqual([200, 'CANCELLING']);
    expect(fold(stream.events).terminal?.type).toBe('cancelled');
    expect((await api.task(taskId)).status).toBe('CANCELLED');
  });

  it('lets the conversation go on, with the partial answer in it', async () => {
    const stream = await api.ask(script('tokens=3000 rate=100', 'To be cancelled'));
    const { taskId } = await started(stream);
    await stream.untilCount(6);
    await api.cancel(taskId);
    await stream.untilClosed();
    const next = await api.turn({ task_id: taskId, prompt: script('tokens=5 rate=0') });

    expect(next.content).toBe(generatedText(5));
    const body = JSON.stringify(stage.simulator.requests.at(-1)?.body);
    expect(body).toContain('To be cancelled');
    expect(body).toContain(fold(stream.events).content.trim());
  });

  it('deletes a running task by stopping it first', async () => {
    const aborts = stage.simulator.counters.aborts;
    const stream = await api.ask(script('tokens=3000 rate=100'));
    const { taskId } = await started(stream);
    await stream.untilType('content');
    const reply = await api.call('DELETE', `/tasks/${taskId}`);

    expect(reply.status).toBe(200);
    await stream.untilClosed();
    expect(fold(stream.events).terminal?.type).toBe('cancelled');
    expect(stage.simulator.counters.aborts).toBe(aborts + 1);
    expect((await api.get(`/tasks/${taskId}`)).status).toBe(404);
  });
});
