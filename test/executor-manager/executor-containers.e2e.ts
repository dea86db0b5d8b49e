import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskBody } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { ContainerStage } from '../support/stages/container-stage.js';

/** What the stand-in executor tells in its answer. */
interface Found {
  turns: number;
  inWorkspace: number;
  env: Record<string, string>;
  pid1: string;
  capabilities: string;
  noNewPrivileges: string;
  hasEngine: boolean;
  isProgramWritable: boolean;
  isWorkspaceWritable: boolean;
  commands: string[];
}

describe('executors in containers', () => {
  let stage: ContainerStage;
  let team: string;

  beforeAll(async () => {
    stage = await ContainerStage.start({ EXECUTOR_MAX_ATTEMPTS: '2' });
    team = await stage.team('coders');
  });
  afterAll(() => endAll(stage));

  /** What the executor has found in the n-th turn of a task. */
  async function found(taskId: number, turn = 0): Promise<Found> {
    const task = await stage.ended(taskId);
    const answer = (await stage.answers(taskId))[turn];
    expect([task.status, answer?.error_message]).toEqual(['COMPLETED', null]);

    return JSON.parse(String(answer?.result?.value)) as Found;
  }

  it('gives turns of a task to one container, and to a new one with the same workspace when it is lost', async () => {
    const taskId = await stage.ask(team, 'one');
    expect(await found(taskId)).toMatchObject({ turns: 1, inWorkspace: 1 });
    const first = await stage.container(taskId);
    await stage.askAgain(taskId, 'two');
    expect(await found(taskId, 1)).toMatchObject({ turns: 2, inWorkspace: 2 });
    expect((await stage.container(taskId))?.Id).toBe(first?.Id);
    await stage.docker.client.getContainer(first?.Id ?? '').remove({ force: true });
    await stage.askAgain(taskId, 'three');
    expect(await found(taskId, 2)).toMatchObject({ turns: 1, inWorkspace: 3 });
  });

  it('isolates an executor, and hides the secrets of its work', async () => {
    const taskId = await stage.ask(team, 'look');
    const what = await found(taskId);
    const { Id = '', Names } = (await stage.container(taskId)) ?? {};
    const inspection = await stage.docker.client.getContainer(Id).inspect();
    const [answer] = await stage.answers(taskId);

    expect(Names).toEqual([`/${answer?.executor_name}`]);
    expect(what).toMatchObject({
      ...{ capabilities: '0000000000000000', noNewPrivileges: '1', hasEngine: false },
      ...{ isProgramWritable: false, isWorkspaceWritable: true },
      env: { CONCH_EXECUTOR_NAME: answer?.executor_name, HOME: '/workspace/.home', IS_SANDBOX: '1' },
    });
    expect(inspection.HostConfig).toMatchObject({
      ...{ Memory: 256 * 1024 * 1024, NanoCpus: 1e9, PidsLimit: 64, Init: true, NetworkMode: 'host' },
      ...{ LogConfig: { Type: 'none' }, Privileged: false },
    });
    const everywhere = [JSON.stringify(inspection), stage.server.logs, ...what.commands].join('\n');
    expect(everywhere).toContain(answer?.executor_name);
    expect(everywhere).not.toContain(stage.secret);
    expect(everywhere).not.toContain('auth_token');
  });

  it('works on twenty tasks, two at a time', async () => {
    let most = 0;
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => stage.ask(team, `task ${index}`)));
    const states = await eventually(
      'all have ended',
      async () => {
        const { body } = await stage.server.api.get<{ items: TaskBody[] }>(`/tasks?limit=${ids.length}`);
        const tasks = body.items.filter(({ id }) => ids.includes(id));
        most = Math.max(most, tasks.filter(({ status }) => status === 'RUNNING').length);

        return tasks.every(({ completed_at: endedAt }) => endedAt !== null) && tasks.map(({ status }) => status);
      },
      240_000,
    );

    expect(states).toEqual(ids.map(() => 'COMPLETED'));
    expect(most).toBeLessThanOrEqual(2);
  });

  it('finds its executors again when the manager was killed', async () => {
    const taskId = await stage.ask(team, 'slow [ms=8000]');
    await stage.atWork(taskId);
    const before = stage.managerPid ?? 0;
    expect(before).toBeGreaterThan(0);
    process.kill(before, 'SIGKILL');
    await eventually('another manager', () => stage.managerPid !== undefined && stage.managerPid !== before);
    expect(await found(taskId)).toMatchObject({ turns: 1 });
    await stage.askAgain(taskId, 'and again');
    expect(await found(taskId, 1)).toMatchObject({ turns: 2, inWorkspace: 2 });
  });

  it('ends a cancelled subtask, by force when its executor does not listen', async () => {
    const [listening, deaf] = await Promise.all([stage.ask(team, '[wait]'), stage.ask(team, '[deaf]')]);
    await Promise.all([stage.atWork(listening), stage.atWork(deaf)]);
    for (const taskId of [listening, deaf]) await stage.server.api.post(`/tasks/${taskId}/cancel`);

    expect((await stage.ended(listening)).status).toBe('CANCELLED');
    expect((await stage.ended(deaf)).status).toBe('CANCELLED');
    await eventually('the deaf one is gone', async () => (await stage.container(deaf)) === undefined);
    expect(await stage.container(listening)).toBeDefined();
  });

  it('offers a subtask again at once when its executor has ended', async () => {
    const taskId = await stage.ask(team, '[exit=3]');

    expect(await found(taskId)).toMatchObject({ turns: 1, inWorkspace: 2 });
    expect(stage.server.logs).toContain('ended with status 3');
  });

  it('says that an executor had too little memory', async () => {
    const { status, error_message: message } = await stage.ended(await stage.ask(team, '[memory]'));

    expect(`${status} ${message}`).toMatch(/^FAILED .*(out of memory|was killed)/);
  });

  it('removes container and workspace with their task', async () => {
    const taskId = await stage.ask(team, 'short');
    await found(taskId);
    const volumes = async () =>
      JSON.stringify((await stage.docker.client.listVolumes()).Volumes).includes(`conch-workspace-${taskId}-`);
    expect(await volumes()).toBe(true);
    await stage.server.api.call('DELETE', `/tasks/${taskId}`);

    await eventually('both are gone', async () => !(await volumes()) && (await stage.container(taskId)) === undefined);
  });

  it.each([
    ['it has another C library', 'with-musl', 'no glibc'],
    ['its registry does not answer', null, '127.0.0.1:1/'],
  ])('says what is wrong with an image: %s', async (_, image, words) => {
    await stage.useImage(image);
    const task = await stage.ended(await stage.ask(team, 'hello'), 240_000);

    expect([task.status, task.error_message]).toEqual(['FAILED', expect.stringContaining(words) as unknown]);
  });
});
