import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Job, Worker } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../src/config/app-config.js';
import { openPostgres } from '../../src/infra/database/database.js';
import { QUEUE_PREFIX } from '../../src/infra/redis/keys.js';
import { TaskUpdatesRepository } from '../../src/tasks/status/task-updates.repository.js';
import { TASK_UPDATES } from '../../src/tasks/tasks.jobs.js';
import { readPayload } from '../../src/tasks/status/task-updates.processor.js';
import { endAll, eventually } from '../support/child.js';
import { addExecutorTeam, addTask, ExecutorApi, INTERNAL_TOKEN, untilTask } from '../support/executors/executors.js';
import { Receiver } from '../support/receiver.js';
import { Stage } from '../support/stages/stage.js';
import { TaskEventStream } from '../support/streams/task-events.js';

/** A lock that runs out soon after its worker is gone. */
const SHORT = { lockDuration: 300, stalledInterval: 150 };

describe('a worker killed after a report was applied and before that was told', () => {
  let receiver: Receiver;
  let stage: Stage;

  beforeAll(async () => {
    receiver = await Receiver.start();
    const webhook = { WEBHOOK_URL: `${receiver.url}/hook`, WEBHOOK_SECRET: 'a webhook secret of this test' };
    stage = await Stage.start('distributed', { ...webhook, INTERNAL_API_TOKEN: INTERNAL_TOKEN, ROLES: 'api' });
  });

  afterAll(async () => {
    await endAll(stage, receiver);
  });

  const worker = (work: ((job: Job<unknown>) => Promise<void>) | null) =>
    new Worker(TASK_UPDATES, work, {
      ...{ connection: { url: stage.redis.url }, prefix: QUEUE_PREFIX, autorun: false, ...SHORT },
    });

  /** Takes the next job as the server does, up to the commit, and is heard of no more. */
  async function applyAndDie(): Promise<void> {
    const database = await openPostgres(stage.postgres.url, () => undefined);
    const repository = new TaskUpdatesRepository(database.db, loadConfig({}));
    let killed: Worker | undefined;
    const applied = new Promise<unknown>((resolve, reject) => {
      const apply = ({ data, timestamp }: Job<unknown>) => repository.apply(readPayload(data, timestamp).updates);
      killed = worker((job) =>
        apply(job)
          .then(resolve, reject)
          .then(() => new Promise(() => undefined)),
      );
    });
    void killed?.run();
    await applied;
    await killed?.close(true);
    await database.close();
  }

  /** Waits until the job of the killed worker waits for another one. */
  async function untilWaiting(): Promise<void> {
    const watch = worker(null);
    const stalled = new Promise((resolve) => watch.once('stalled', resolve));
    await watch.startStalledCheckTimer();
    await stalled;
    await watch.close();
  }

  it('is made good by the next one: readers and the webhook hear of the end, once', async () => {
    const { api } = stage;
    const executor = new ExecutorApi(api);
    const { teamId } = await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo');
    const taskId = await addTask(api, teamId);
    const { subtask_id: subtaskId } = await executor.take();
    const stream = await TaskEventStream.open(stage.server(0), taskId);
    await stream.untilSnapshot();
    await executor.report(subtaskId, 'COMPLETED', { seq: 1, result: { value: 'done' } });
    await applyAndDie();
    await untilTask(api, taskId, 'COMPLETED');
    await untilWaiting();
    expect(stream.statuses('task', taskId)).not.toContain('COMPLETED');

    await stage.addServer({ ROLES: 'worker' });
    await stream.untilTask(taskId, 'COMPLETED');
    const answer = await stream.until(({ data }) => data.type === 'subtask' && data.subtask.id === subtaskId);
    await eventually('the webhook came', () => receiver.of(taskId).length > 0);
    await sleep(200);
    stream.close();

    expect(answer.data).toMatchObject({ subtask: { id: subtaskId } });
    expect(stream.statuses('subtask', subtaskId).at(-1)).toBe('COMPLETED');
    expect(receiver.of(taskId).map(({ payload }) => payload.event)).toEqual(['task.completed']);
  });
});
