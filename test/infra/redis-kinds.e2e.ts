import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedText, type Simulator, startSimulator } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { endAll, eventually, freePort, temporaryDirectory, Watched } from '../support/child.js';
import { Conch, type Environment } from '../support/conch.js';
import { RedisServer } from '../support/stores/redis.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script } from '../support/stages/stage.js';
import { TaskEventStream } from '../support/streams/task-events.js';

type CleanUps = (() => Promise<unknown>)[];

async function cluster(cleanUps: CleanUps): Promise<Environment> {
  const options = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  const redis = await RedisServer.start([...options, '--cluster-port', String(await freePort())]);
  cleanUps.push(() => redis.stop());
  await redis.use((client) => client.cluster('ADDSLOTSRANGE', 0, 16383));
  await eventually('the cluster is complete', () =>
    redis.use(async (client) => (await client.cluster('INFO')).includes('cluster_state:ok')),
  );

  return { REDIS_CLUSTER_NODES: `127.0.0.1:${redis.port}` };
}

async function sentinel(cleanUps: CleanUps): Promise<Environment> {
  const redis = await RedisServer.start();
  const directory = temporaryDirectory('sentinel');
  const port = await freePort();
  const file = join(directory.path, 'sentinel.conf');
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\nsentinel monitor conch 127.0.0.1 ${redis.port} 1\n`);
  const watcher = new Watched(spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'pipe'] }));
  cleanUps.push(
    () => redis.stop(),
    directory.remove,
    () => watcher.end('SIGKILL'),
  );

  return { REDIS_SENTINELS: `127.0.0.1:${port}`, REDIS_SENTINEL_NAME: 'conch' };
}

describe.each([
  ['a cluster', cluster],
  ['a master behind Sentinel', sentinel],
])('Redis as %s', (_kind, startRedis) => {
  const cleanUps: CleanUps = [];
  let simulator: Simulator;
  let server: Conch;

  beforeAll(async () => {
    simulator = await startSimulator();
    server = await Conch.start({ ...(await startRedis(cleanUps)), SIMULATOR: simulator.url });
  });

  afterAll(async () => {
    await endAll(server, simulator);
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });

  it('serves turns, resuming and cancelling', async () => {
    const { api } = server;

    const turn = await api.turn(script('tokens=10 rate=0'));
    expect(turn.content).toBe(generatedText(10));

    const resumed = await api.attach(turn.taskId, `${turn.subtaskId}-1`);
    await resumed.untilClosed();
    expect(flaws(resumed.events, 1)).toEqual([]);
    expect(fold([...turn.stream.events.slice(0, 1), ...resumed.events]).content).toBe(turn.content);

    const long = await api.ask(script('tokens=1000 rate=20'));
    await long.until(({ data }) => data.type === 'content');
    const { taskId } = await started(long);
    const reply = await api.cancel(taskId);
    expect(reply.body).toMatchObject({ status: 'CANCELLED', proof: { while: 'running' } });
  });

  it('tells of tasks live, and why they are where they are', async () => {
    const { api, pid } = server;
    const running = await api.ask(script('tokens=1000 rate=20'));
    const { taskId } = await started(running);
    const live = await TaskEventStream.open(server, null);
    const { id } = await live.untilSnapshot();
    const diagnosis = await api.get(`/tasks/${taskId}/diagnosis`);
    expect(diagnosis.body).toMatchObject({ owner: expect.stringContaining(`:${pid}`), queue: { state: 'active' } });
    await api.cancel(taskId);
    await live.untilTask(taskId, 'CANCELLED');
    const resumed = await TaskEventStream.open(server, null, id);
    await resumed.untilTask(taskId, 'CANCELLED');
    live.close();
    resumed.close();
  });
});
