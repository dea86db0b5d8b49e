import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../../tools/simulator/simulator.js';
import type { Api } from '../api.js';
import { eventually, freePort, SharedProcess } from '../child.js';
import { Conch } from '../conch.js';
import { PostgresServer } from '../stores/postgres.js';
import { RedisServer } from '../stores/redis.js';
import { runDirectory } from '../run-directory.js';
import { type ProcessState, SharedProcesses } from './shared-processes.js';
import { accessTo, Stage, type StageKind, type Stores } from './stage.js';

/** What a suite may leave behind, in the order in which it can be deleted, and how a row is named. */
const LEFT_BEHIND = [
  ['/tasks', 'id'],
  ['/teams', 'id'],
  ['/bots', 'id'],
  ['/models', 'name'],
] as const;
const PAGE = 100;

/** How a file finds what another one has started. */
interface SharedState {
  simulatorPort: number;
  servers: { process: ProcessState; url: string }[];
  stores: { postgres: StoreState; redis: StoreState } | null;
}

interface StoreState {
  process: ProcessState;
  port: number;
}

/**
 * The stage of this kind that suites without an environment of their own share; an embedded one has one server, a
 * distributed one two. The first file of a jest worker that asks for it starts it; it ends with the run. What the file
 * before has left in it is deleted. A file uses it for one suite at a time, and must not end its servers.
 * @throws when one of its servers has ended
 */
export async function sharedStage(kind: StageKind): Promise<Stage> {
  const name = `${process.env['JEST_WORKER_ID'] ?? '1'}-${kind}`;
  const file = join(runDirectory(), `${name}.json`);
  const state = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SharedState) : null;
  const simulator = await simulatorOn(state?.simulatorPort);
  try {
    if (state) return await attach(simulator, state);
    const made = await start(kind, simulator, new SharedProcesses(name));
    writeFileSync(file, JSON.stringify(made.state));

    return made.stage;
  } catch (error) {
    await simulator.close();
    throw error;
  }
}

async function start(
  kind: StageKind,
  simulator: Simulator,
  processes: SharedProcesses,
): Promise<{ stage: Stage; state: SharedState }> {
  const stores = kind === 'embedded' ? null : await startStores(processes);
  const environment = { SIMULATOR: simulator.url, ...accessTo(stores), MAX_RUNNING_TASKS_PER_USER: '1000' };
  const names = kind === 'embedded' ? ['server'] : ['server-1', 'server-2'];
  const servers: Conch[] = [];
  for (const name of names) {
    const { path } = processes.directoryOf(name);
    servers.push(await Conch.startShared(environment, path, processes.spawn(name, 'SIGTERM')));
  }
  const storeState = (name: 'postgres' | 'redis', { port }: { port: number }) => ({
    process: processes.stateOf(name),
    port,
  });
  const state = {
    simulatorPort: simulator.port,
    servers: servers.map(({ url }, index) => ({ url, process: processes.stateOf(names[index] ?? '') })),
    stores: stores && {
      postgres: storeState('postgres', stores.postgres),
      redis: storeState('redis', stores.redis),
    },
  };

  return { stage: new Stage(simulator, environment, stores, servers, true), state };
}

async function startStores(processes: SharedProcesses): Promise<Stores> {
  const [postgres, redis] = await Promise.all([
    PostgresServer.start(processes.directoryOf('postgres'), processes.spawn('postgres', 'SIGQUIT')),
    RedisServer.start([], processes.directoryOf('redis'), processes.spawn('redis', 'SIGKILL')),
  ]);

  return { postgres, redis };
}

async function attach(simulator: Simulator, { servers, stores }: SharedState): Promise<Stage> {
  const attached = servers.map(({ process, url }) => {
    const running = new SharedProcess(process.pid, process.log);
    if (!running.isRunning) throw new Error(`a shared server has ended:\n${running.logs.slice(-4000)}`);

    return Conch.attach(running, url);
  });
  const processOf = ({ process: { pid, log } }: StoreState) => new SharedProcess(pid, log);
  const attachedStores = stores && {
    postgres: PostgresServer.attach(stores.postgres.port, processOf(stores.postgres)),
    redis: RedisServer.attach(stores.redis.port, processOf(stores.redis)),
  };
  const stage = new Stage(simulator, {}, attachedStores, attached, true);
  await clear(stage.api);
  simulator.reset();

  return stage;
}

/** The simulator is of this file, at the place where the shared servers look for it. */
function simulatorOn(port?: number): Promise<Simulator> {
  return eventually('the simulator has its port', async () =>
    startSimulator({ port: port ?? (await freePort()) }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
      throw error;
    }),
  );
}

/** Deletes what belongs to the user. Public rows are refused, and stay. */
async function clear(api: Api): Promise<void> {
  for (const [path, key] of LEFT_BEHIND) {
    for (const row of await allOf(api, path)) {
      const { status, text } = await api.call('DELETE', `${path}/${row[key]}`);
      if (![200, 403, 404].includes(status)) throw new Error(`DELETE ${path}/${row[key]}: HTTP ${status} ${text}`);
    }
  }
}

async function allOf(api: Api, path: string): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = [];
  for (let page = 1; ; page += 1) {
    const { status, text, body } = await api.get<{ items: Record<string, string>[] }>(
      `${path}?page=${page}&limit=${PAGE}`,
    );
    if (status !== 200) throw new Error(`GET ${path}: HTTP ${status} ${text}`);
    rows.push(...body.items);
    if (body.items.length < PAGE) return rows;
  }
}
