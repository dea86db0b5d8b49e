/** Conch with an executor manager like Wegent's, whose executors send no heartbeats and whose containers live on. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExecutorEmulator } from '../../tools/executor-emulator/emulator.js';
import type { DispatchedSubtask, Report } from '../../tools/executor-emulator/wire.js';
import { endAll, eventually, nth } from '../support/child.js';
import { addExecutorTeam, addTask, INTERNAL_TOKEN, untilTask } from '../support/executors/executors.js';
import { Stage } from '../support/stages/stage.js';

const CANCEL_SECONDS = 20;
/** After this much of it Conch ends a task without its executor. */
const PATIENCE_MS = 14_000;

class ForeignStage {
  private constructor(
    readonly stage: Stage,
    readonly emulator: ExecutorEmulator,
    readonly teamId: number,
  ) {}

  static async start(limit: number, environment: Record<string, string>): Promise<ForeignStage> {
    const emulator = await ExecutorEmulator.start({ interval: 50, wegent: true, limit, token: INTERNAL_TOKEN });
    const stage = await Stage.start('distributed', {
      ...{ INTERNAL_API_TOKEN: INTERNAL_TOKEN, EXECUTOR_MANAGER_URL: emulator.url },
      ...{ EXECUTOR_MAX_ATTEMPTS: '2', CANCEL_DEADLINE_SECONDS: String(CANCEL_SECONDS) },
      ...{ MAINTENANCE_INTERVAL_MS: '1000', ...environment },
    });
    const { teamId } = await addExecutorTeam(stage.api, 'solo', [{ name: 'solo-bot' }], 'solo');
    emulator.work(stage.server(0).url);

    return new ForeignStage(stage, emulator, teamId);
  }

  ask(prompt: string): Promise<number> {
    return addTask(this.stage.api, this.teamId, { prompt });
  }

  ended(taskId: number, status = 'COMPLETED') {
    return untilTask(this.stage.api, taskId, status);
  }

  dispatches(taskId: number): DispatchedSubtask[] {
    const ofTask = this.emulator.exchanges.filter((one) => one.taskId === taskId && one.kind === 'dispatch');

    return ofTask.map(({ reply }) => reply as DispatchedSubtask);
  }

  reports(taskId: number): Report[] {
    const ofTask = this.emulator.exchanges.filter((one) => one.taskId === taskId && one.kind === 'report');

    return ofTask.map(({ body }) => body as Report);
  }

  async stop(): Promise<void> {
    await this.emulator.close();
    await this.stage.stop();
  }
}

describe('executors that send no heartbeats', () => {
  let foreign: ForeignStage;

  beforeAll(async () => {
    foreign = await ForeignStage.start(100, { EXECUTOR_LEASE_SECONDS: '1', EXECUTOR_SILENT_LEASE_SECONDS: '9' });
  });

  afterAll(() => endAll(foreign));

  const cancel = (taskId: number) => foreign.stage.api.post(`/tasks/${taskId}/cancel`);
  const proofOf = async (taskId: number) => {
    const [row] = await foreign.stage.postgres.query<{ event: { proof: object } }>(
      "select terminal_event as event from subtasks where task_id = $1 and role = 'ASSISTANT'",
      [taskId],
    );

    return row?.event.proof;
  };
  const diagnosis = async (taskId: number) =>
    (await foreign.stage.api.get<{ hints: string[] }>(`/tasks/${taskId}/diagnosis`)).body.hints.join('\n');

  it('keep their work for longer than a lease', async () => {
    const taskId = await foreign.ask('[exec behaviour=silent ms=5000 text=late]');
    await eventually('it runs', () => foreign.reports(taskId).length > 1);
    expect(await diagnosis(taskId)).toContain('It sends no heartbeats');

    expect((await foreign.ended(taskId)).result?.value).toBe('late');
    expect(foreign.dispatches(taskId)).toHaveLength(1);
  });

  it('lose it when their manager says that the container is gone, which is removed before the work is offered again', async () => {
    const taskId = await foreign.ask('[exec behaviour=crashing after=2 ms=5 steps=3 text=recovered]');

    expect((await foreign.ended(taskId)).result?.value).toBe('recovered');
    expect(foreign.dispatches(taskId).map(({ executor_name: name }) => name)).toEqual(['', '']);
    expect(foreign.reports(taskId).filter(({ status }) => status === 'FAILED')).toEqual([]);
  });

  it('are named again while they live, so that no second container collides with theirs', async () => {
    const taskId = await foreign.ask('[exec behaviour=silent ms=14000 times=1 text=kept]');

    expect((await foreign.ended(taskId)).result?.value).toBe('kept');
    const [first, second] = foreign.dispatches(taskId);
    expect(first?.executor_name).toBe('');
    expect(second?.executor_name).toBe(foreign.reports(taskId)[0]?.executor_name);
    expect(foreign.reports(taskId).filter(({ status }) => status === 'FAILED')).toEqual([]);
  });

  it('are cancelled once their container runs', async () => {
    const taskId = await foreign.ask('[exec behaviour=starting start=5000 ms=500 steps=600]');
    await eventually('it is handed out', () => foreign.dispatches(taskId).length > 0);
    const before = foreign.emulator.counters.cancels;
    await cancel(taskId);
    await eventually('the manager has refused twice', () => foreign.emulator.counters.cancels > before + 1);
    expect((await foreign.stage.api.task(taskId)).status).toBe('CANCELLING');
    expect(await diagnosis(taskId)).toContain('is being started');

    await foreign.ended(taskId, 'CANCELLED');
    expect(foreign.reports(taskId).at(-1)).toMatchObject({ status: 'CANCELLED' });
    expect(await proofOf(taskId)).toEqual({ executor_acked: true, while: 'running' });
  });

  it('are stopped and deleted when they come after the end of the cancel', async () => {
    const taskId = await foreign.ask(`[exec behaviour=starting start=${PATIENCE_MS + 5000} ms=500 steps=600]`);
    await eventually('it is handed out', () => foreign.dispatches(taskId).length > 0);
    await cancel(taskId);
    await foreign.ended(taskId, 'CANCELLED');
    expect(await proofOf(taskId)).toEqual({ executor_acked: false, while: 'running' });
    expect(foreign.reports(taskId)).toEqual([]);

    const name = await eventually('it has come', () => foreign.reports(taskId)[0]?.executor_name);
    await eventually('it is deleted', () => !foreign.emulator.manager.executors.has(name));
    expect((await foreign.stage.api.task(taskId)).status).toBe('CANCELLED');
  });

  it('are cancelled by a manager that takes its time', async () => {
    const taskId = await foreign.ask('[exec behaviour=cancel-slow delay=11000]');
    await eventually('it runs', () => foreign.reports(taskId).length > 1);
    const before = foreign.emulator.counters.cancels;
    await cancel(taskId);
    await foreign.ended(taskId, 'CANCELLED');

    expect(await proofOf(taskId)).toEqual({ executor_acked: true, while: 'running' });
    expect(foreign.emulator.counters.cancels).toBe(before + 1);
  });
});

describe('idle executors', () => {
  let foreign: ForeignStage;

  beforeAll(async () => {
    foreign = await ForeignStage.start(2, { EXECUTOR_LEASE_SECONDS: '60' });
  });

  afterAll(() => endAll(foreign));

  /** As if that many hours had passed since the end of a task. */
  async function age(taskId: number, hours: number): Promise<void> {
    const past = (table: string, id: string) =>
      `update ${table} set updated_at = updated_at - interval '${hours} hours' where ${id} = $1`;
    await foreign.stage.postgres.query(past('tasks', 'id'), [taskId]);
    await foreign.stage.postgres.query(past('subtasks', 'task_id'), [taskId]);
  }

  it('are deleted, so that a manager that counts them goes on; the next turn gets a new one', async () => {
    const [chat, code] = [
      await foreign.ask('[exec ms=5 steps=1 text=one]'),
      await addTask(foreign.stage.api, foreign.teamId, { prompt: '[exec ms=5 steps=1]', task_type: 'code' }),
    ];
    await foreign.ended(chat);
    await foreign.ended(code);
    const waiting = await foreign.ask('[exec ms=5 steps=1 text=three]');
    const [container, kept] = [chat, code].map((id) => nth(foreign.reports(id), 0).executor_name);
    await age(code, 3);
    await sleep(1500);
    expect([container, kept].map((name) => foreign.emulator.manager.executors.has(name ?? ''))).toEqual([true, true]);
    expect((await foreign.stage.api.task(waiting)).status).toBe('PENDING');

    await age(chat, 3);
    await foreign.ended(waiting);
    expect([container, kept].map((name) => foreign.emulator.manager.executors.has(name ?? ''))).toEqual([false, true]);
    await age(waiting, 3);
    const append = (prompt: string) => foreign.stage.api.post(`/tasks/${chat}`, { prompt });
    expect((await append('[exec ms=5 steps=1 text=four]')).status).toBe(201);
    await foreign.ended(chat);
    await age(code, 24);
    expect((await append('[exec ms=5 steps=1 text=five]')).status).toBe(201);
    await eventually('it is handed out', () => foreign.dispatches(chat).length === 3);
    const names = foreign.dispatches(chat).map(({ executor_name: name }) => name);
    const second = foreign.reports(chat).find(({ executor_name: name }) => name !== container)?.executor_name;
    expect(names).toEqual(['', '', second]);
    expect((await foreign.ended(chat)).result?.value).toBe('five');
  });
});
