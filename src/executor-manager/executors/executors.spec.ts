import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pollUntil } from '../../common/async/poll-until.js';
import { loadConfig } from '../../config/app-config.js';
import { ImageProblem } from '../runtime/runtime-errors.js';
import { ExecutorContainers } from './executor-containers.js';
import { ExecutorOrdersService } from './executor-orders.service.js';
import { ExecutorProgram } from './executor-program.js';
import { ExecutorRunner } from './executor-runner.js';
import { FakeRuntime } from './fake-runtime.testing.js';
import { FakeTaskApi } from './fake-task-api.testing.js';
import { IdleSweeper } from './idle-sweeper.js';
import { RunReporter } from './run-reporter.js';
import { RunSupervisor } from './run-supervisor.js';
import type { TaskApi } from './task-api.js';
import { WorkLoop } from './work-loop.js';

const OUT_OF_TIME_MS = 20_000;

/** A manager on the engine and the API of the test. */
interface Manager {
  runner: ExecutorRunner;
  orders: ExecutorOrdersService;
  sweeper: IdleSweeper;
  containers: ExecutorContainers;
  /** Ends it without a chance to give anything back. */
  kill: () => Promise<void>;
}

describe('executors of a manager', () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  afterAll(() => {
    Logger.overrideLogger(['log', 'warn', 'error']);
  });

  let directory: string;
  let runtime: FakeRuntime;
  let fakeApi: FakeTaskApi;
  let managers: Manager[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'conch-program-'));
    writeFileSync(join(directory, 'executor.mjs'), '');
    [runtime, fakeApi, managers] = [new FakeRuntime(), new FakeTaskApi(), []];
  });

  afterEach(async () => {
    await Promise.all(managers.map(({ kill }) => kill()));
    rmSync(directory, { recursive: true });
  });

  function manager(name = 'm', slots = 2): Manager {
    const config = loadConfig({
      ...{ ROLES: 'executor-manager', EXECUTOR_MANAGER_NAME: name, MAX_CONCURRENT_TASKS: String(slots) },
      ...{ EXECUTOR_FILES: directory },
    });
    const api = fakeApi as unknown as TaskApi;
    const program = new ExecutorProgram(config, runtime);
    const containers = new ExecutorContainers(config, runtime, program);
    const runner = new ExecutorRunner(config, api, new RunReporter(api), containers);
    const supervisor = new RunSupervisor(api, runner, containers);
    const loop = new WorkLoop(config, api, runtime, program, containers, runner);
    const sweeper = new IdleSweeper(config, api, containers, runner);
    const orders = new ExecutorOrdersService(api, containers, runner);
    loop.onApplicationBootstrap();
    supervisor.onApplicationBootstrap();
    const kill = async () => {
      supervisor.beforeApplicationShutdown();
      await loop.beforeApplicationShutdown();
    };
    const made = { runner, orders, sweeper, containers, kill };
    managers.push(made);

    return made;
  }

  const until = async (what: string, ask: () => unknown) => {
    const answer = await pollUntil(() => Boolean(ask()), { everyMs: 5, timeoutMs: OUT_OF_TIME_MS });
    if (answer === undefined) throw new Error(`not in time: ${what}`);
  };
  const containerOf = (taskId: number) =>
    [...runtime.containers.values()].find(({ spec }) => spec.labels['conch.task'] === String(taskId));
  const atWork = (taskId: number, lines = 1) =>
    until(`task ${taskId} is at work`, () => containerOf(taskId)?.lines.length === lines);

  it('hands a subtask to a container by its input, and nothing of it otherwise', async () => {
    const { containers } = manager();
    fakeApi.offer(1, { body: { prompt: 'hello', auth_token: 'secret' } });
    await atWork(1);
    const { spec, lines } = containerOf(1) ?? {};

    const conch = { api_url: 'http://127.0.0.1:8000/api', executor_name: containers.names.executor(1) };
    expect(JSON.parse(lines?.[0] ?? '')).toEqual({ prompt: 'hello', auth_token: 'secret', conch });
    expect(JSON.stringify(spec)).not.toContain('secret');
    expect(spec).toMatchObject({
      ...{ network: 'host', command: ['/conch/node/bin/node', '/conch/executor.mjs'] },
      ...{ limits: { memoryMb: 2048, cpus: 2, pids: 512 } },
      mounts: [
        { path: '/conch', isReadOnly: true },
        { path: '/workspace', isReadOnly: false },
      ],
    });
    expect(fakeApi.tasks.get(1)?.reports[0]).toMatchObject({ status: 'RUNNING', progress: 5 });
  });

  it('works on so many subtasks as it has slots, idle containers not counted', async () => {
    const { runner } = manager('m', 2);
    for (const taskId of [1, 2, 3, 4]) fakeApi.offer(taskId);
    await Promise.all([atWork(1), atWork(2)]);
    expect([runtime.count, runner.free]).toEqual([2, 0]);
    fakeApi.finish(1);
    await atWork(3);
    expect(runtime.count).toBe(3);
    fakeApi.finish(2);
    await atWork(4);
    expect(runtime.containers.size).toBe(4);
  });

  it('gives the next turn to the same container, or to a new one with the same workspace', async () => {
    const { containers } = manager();
    const executorName = containers.names.executor(1);
    fakeApi.offer(1);
    await atWork(1);
    fakeApi.offer(1, { executorName });
    await atWork(1, 2);
    expect(runtime.count).toBe(1);
    await runtime.remove(executorName);
    fakeApi.offer(1, { executorName });
    await atWork(1);
    expect([containerOf(1)?.number, runtime.volumes.has(containers.names.workspace(1))]).toEqual([2, true]);
  });

  it.each([
    ['a new executor is asked for', { executorName: '' }],
    ['the step has another image', { image: 'other' }],
  ])('makes a new container when %s', async (_, more) => {
    const { containers } = manager();
    fakeApi.offer(1);
    await atWork(1);
    fakeApi.offer(1, { executorName: containers.names.executor(1), ...more });
    await until('a second container', () => containerOf(1)?.number === 2 && containerOf(1)?.lines.length === 1);
  });

  it('ends a subtask that is cancelled while its image is pulled', async () => {
    runtime.pulling = new Promise(() => undefined);
    const { orders, runner } = manager();
    const task = fakeApi.offer(1);
    await until('the pull', () => task.reports.length >= 2);
    orders.cancel(1);
    await until('the end', () => task.reports.at(-1)?.status === 'CANCELLED');
    expect([runtime.count, runner.free]).toEqual([0, 2]);
    expect(() => orders.cancel(1)).toThrow('no subtask');
  });

  it.each([
    ['out of memory', 137, true, 'out of memory'],
    ['no C library', 127, false, 'no glibc'],
  ])('fails a subtask whose container has ended: %s', async (_, exitCode, isOutOfMemory, words) => {
    manager();
    const task = fakeApi.offer(1);
    await atWork(1);
    containerOf(1)?.exit(exitCode, isOutOfMemory);
    await until('the end', () => task.reports.at(-1)?.status === 'FAILED');
    expect(task.reports.at(-1)?.error_message).toContain(words);
  });

  it('gives a subtask back whose container was killed', async () => {
    const { runner } = manager();
    const task = fakeApi.offer(1);
    await atWork(1);
    containerOf(1)?.exit(137);
    await until('the release', () => task.releases.length === 1);
    expect(task.releases).toEqual([expect.stringContaining('was killed')]);
    expect(runner.free).toBe(2);
  });

  it('fails a subtask whose image is not there', async () => {
    runtime.pullError = new ImageProblem('image:1 was not found in its registry');
    manager();
    const task = fakeApi.offer(1);
    await until('the end', () => task.reports.at(-1)?.status === 'FAILED');
    expect(task.reports.at(-1)).toMatchObject({ error_code: 'executor_image_unusable' });
  });

  it('fails a subtask for which there is no image, and says where to', async () => {
    manager();
    const task = fakeApi.offer(1, { image: null });
    await until('the end', () => task.reports.at(-1)?.status === 'FAILED');
    expect(task.reports.at(-1)?.error_message).toContain('EXECUTOR_IMAGE');
  });

  it('finds its subtasks again after a restart, and gives those back that have no container', async () => {
    const first = manager();
    const [one, two] = [fakeApi.offer(1), fakeApi.offer(2)];
    await Promise.all([atWork(1), atWork(2)]);
    await first.kill();
    containerOf(2)?.exit(1);
    const second = manager();
    await until('the release', () => two.releases.length === 1);
    expect(second.runner.find(1)?.state).toBe('working');
    expect([one.reports.at(-1)?.status, one.releases, runtime.count]).toEqual(['RUNNING', [], 2]);
    fakeApi.finish(1);
    await until('the slot is free', () => second.runner.free === 2);
    fakeApi.offer(1, { executorName: second.containers.names.executor(1) });
    await atWork(1, 2);
  });

  it('shares work with another manager, each subtask done once', async () => {
    [manager('a', 3), manager('b', 3)].forEach(({ runner }) => expect(runner.free).toBe(3));
    const tasks = [1, 2, 3, 4, 5, 6].map((taskId) => fakeApi.offer(taskId));
    await Promise.all([1, 2, 3, 4, 5, 6].map((taskId) => atWork(taskId)));
    expect([runtime.count, tasks.map(({ claims }) => claims)]).toEqual([6, [1, 1, 1, 1, 1, 1]]);
  });

  it('removes the workspace of a task when that is deleted, not before', async () => {
    const { orders, containers, sweeper } = manager();
    const task = fakeApi.offer(1);
    await atWork(1);
    fakeApi.finish(1);
    await until('the slot is free', () => managers[0]?.runner.free === 2);
    const workspace = containers.names.workspace(1);
    expect(await orders.delete(containers.names.executor(1))).toBeNull();
    expect([runtime.containers.size, runtime.volumes.has(workspace)]).toEqual([0, true]);
    task.state.keepsWorkspace = false;
    await sweeper.removeWorkspaces();
    expect(runtime.volumes.has(workspace)).toBe(false);
    expect(await orders.delete('conch-task-1-00000000')).toContain('no executor of this manager');
  });

  it('knows which executors live', async () => {
    const { orders, containers } = manager();
    fakeApi.offer(1);
    await atWork(1);
    const presence = async (name: string) => (await orders.presence(name)).status;
    expect(await presence(containers.names.executor(1))).toBe('running');
    expect(await presence(containers.names.executor(2))).toBe('gone');
    expect(await presence('wegent-task-1')).toBe('unknown');
    expect(orders.load()).toMatchObject({ task_ids: [1], free_slots: 1 });
  });
});
