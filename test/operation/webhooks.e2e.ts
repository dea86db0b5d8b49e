import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { type Api, started } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { addExecutorTeam, addTask, ExecutorApi, INTERNAL_TOKEN } from '../support/executors/executors.js';
import { type Delivery, Receiver } from '../support/receiver.js';
import { script, Stage } from '../support/stages/stage.js';

const SECRET = 'a webhook secret of this test';

type Verify = (headers: Delivery['headers'], body: string | Buffer, secret: string) => boolean;

/** The verification that the documentation gives to receivers. */
async function documentedCheck(): Promise<Verify> {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync('docs/webhooks.md', 'utf8')) ?? [];
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { isFromConch: Verify };

  return module.isFromConch;
}

describe('webhooks', () => {
  let receiver: Receiver;
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    receiver = await Receiver.start();
    const webhook = { WEBHOOK_URL: `${receiver.url}/hook`, WEBHOOK_SECRET: SECRET };
    stage = await Stage.start('distributed', { ...webhook, INTERNAL_API_TOKEN: INTERNAL_TOKEN }, 2);
    api = stage.api;
  });

  afterEach(() => {
    receiver.statuses = [];
  });

  afterAll(async () => {
    await endAll(stage, receiver);
  });

  const deliveries = (taskId: number, count = 1) =>
    eventually(`${count} message(s) about task ${taskId}`, () => {
      const found = receiver.of(taskId);

      return found.length >= count && found;
    });
  const line = (text: string) =>
    eventually(`the log says ${text}`, () => stage.servers.some(({ logs }) => logs.includes(text)));

  it('tell of a completed task, signed', async () => {
    const { taskId } = await api.turn({ prompt: script('tokens=1 rate=0'), title: 'Grüße' });
    const [{ headers, raw, payload }] = (await deliveries(taskId)) as [Delivery];
    const task = (await api.task(taskId)) as unknown as Record<string, unknown>;
    const check = await documentedCheck();

    expect(payload).toEqual({
      event: 'task.completed',
      task: {
        ...{ id: taskId, title: 'Grüße', status: 'COMPLETED', progress: 100, error_message: null },
        ...{ team_id: task.team_id, user_id: task.user_id },
        ...{ created_at: task.created_at, completed_at: task.completed_at },
      },
      delivery_id: `task-${taskId}-${Date.parse(String(task.completed_at))}`,
    });
    expect(headers['content-type']).toBe('application/json');
    expect(check(headers, raw, SECRET)).toBe(true);
    expect(check(headers, raw, 'another secret of this test')).toBe(false);
    expect(check(headers, raw.replace('COMPLETED', 'FAILED'), SECRET)).toBe(false);
    expect(check({ ...headers, 'x-conch-timestamp': '1764000000' }, raw, SECRET)).toBe(false);
    await line(`task ${taskId}: task.completed delivered, HTTP 200, attempt 1`);
  });

  it('tell of failed and cancelled tasks, and of each turn once', async () => {
    const failed = await api.turn({ team_name: 'demo-openai-team', prompt: script('case=auth') });
    const [first] = await deliveries(failed.taskId);
    expect(first?.payload).toMatchObject({ event: 'task.failed', task: { status: 'FAILED' } });
    expect(first?.payload.task.error_message).toMatch(/\S/);
    const stream = await api.ask(script('tokens=3000 rate=50'));
    const { taskId } = await started(stream);
    await api.cancel(taskId);
    const [cancelled] = await deliveries(taskId);
    expect(cancelled?.payload).toMatchObject({ event: 'task.cancelled', task: { status: 'CANCELLED' } });
    await api.call('PUT', `/tasks/${failed.taskId}`, { title: 'Edited after its end' });
    await api.turn({ team_name: 'demo-openai-team', task_id: failed.taskId, prompt: script('tokens=1 rate=0') });
    const both = await deliveries(failed.taskId, 2);

    expect(both.map(({ payload }) => payload.event)).toEqual(['task.failed', 'task.completed']);
    expect(new Set(both.map(({ payload }) => payload.delivery_id)).size).toBe(2);
  });

  it('tell of the end that an executor reports, and not of its progress', async () => {
    const executor = new ExecutorApi(api);
    const { teamId } = await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo');
    const taskId = await addTask(api, teamId);
    const { subtask_id: subtaskId } = await executor.take();
    for (const progress of [10, 20, 30]) await executor.report(subtaskId, 'RUNNING', { progress });
    await executor.report(subtaskId, 'COMPLETED', { result: { value: 'done' } });
    await executor.report(subtaskId, 'COMPLETED', { result: { value: 'again' } });
    const found = await deliveries(taskId);

    expect(found.map(({ payload }) => payload.event)).toEqual(['task.completed']);
  });

  it.each([500, 302, 404])('are sent again after HTTP %i, as the same message', async (status) => {
    receiver.statuses = [status];
    const { taskId } = await api.turn(script('tokens=1 rate=0'));
    const [first, second] = await deliveries(taskId, 2);

    expect(second?.payload).toEqual(first?.payload);
    expect((await documentedCheck())(nth(receiver.of(taskId), 1).headers, second?.raw ?? '', SECRET)).toBe(true);
    await line(`task ${taskId}: task.completed not delivered, attempt 1: HTTP ${status}`);
    await line(`task ${taskId}: task.completed delivered, HTTP 200, attempt 2`);
    const counts = await Promise.all(stage.servers.map(async (server) => (await server.api.get('/metrics')).text));
    expect(counts.join('')).toMatch(/conch_webhooks_total\{outcome="failed"\} [1-9]/);
    expect(counts.join('')).toMatch(/conch_webhooks_total\{outcome="delivered"\} [1-9]/);
  });
});

describe('webhooks with AUTH_MODE=jwt', () => {
  it('do not reach a private address, and are given up at once', async () => {
    const receiver = await Receiver.start();
    const auth = {
      AUTH_MODE: 'jwt',
      ADMIN_PASSWORD: 'the password of this test',
      JWT_SECRET: 'a secret of this test only',
    };
    const webhook = { WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: SECRET };
    const stage = await Stage.start('embedded', { ...auth, ...webhook });
    try {
      const login = { user_name: 'admin', password: auth.ADMIN_PASSWORD };
      const { body } = await stage.api.post<{ access_token: string }>('/auth/login', login);
      const { taskId } = await stage.api.as(body.access_token).turn(script('tokens=1 rate=0'));
      const line = await eventually('it is given up', () =>
        stage
          .server(0)
          .logs.split('\n')
          .find((text) => text.includes('given up')),
      );

      expect(line).toContain(`task ${taskId}: task.`);
      expect(line).toContain('EGRESS_ALLOW');
      expect((await stage.api.get('/metrics')).text).toContain('conch_webhooks_total{outcome="given_up"} 1');
      expect(receiver.deliveries).toEqual([]);
    } finally {
      await stage.stop();
      await receiver.close();
    }
  });
});
