import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { generatedText, type Simulator, startSimulator } from '../../tools/simulator/simulator.js';
import { started } from '../support/api.js';
import { endAll, eventually, temporaryDirectory } from '../support/child.js';
import { Conch, type Environment, startConch } from '../support/conch.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script } from '../support/stages/stage.js';

/** Command lines of all processes that name a directory, without those of the given one. */
function processesOf(directory: string): { pid: number; command: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));

  return pids.flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');

      return command.includes(directory) ? [{ pid: Number(pid), command }] : [];
    } catch {
      return [];
    }
  });
}

/** Processes started by a process, and by those. */
function descendantsOf(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');

      return /^\d+$/.test(name) && Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
    } catch {
      return false;
    }
  });

  return children.flatMap((child) => [Number(child), ...descendantsOf(Number(child))]);
}

function isAlive(pid: number): boolean {
  try {
    // A zombie, whose parent has not looked yet, is dead.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the embedded mode', () => {
  let simulator: Simulator;
  let directory: ReturnType<typeof temporaryDirectory>;
  let server: Conch;

  const environment = (): Environment => ({ DATA_DIR: directory.path, SIMULATOR: simulator.url });
  const start = async (more: Environment = {}) => {
    server = await Conch.start({ ...environment(), ...more });
  };

  beforeAll(async () => {
    simulator = await startSimulator();
    directory = temporaryDirectory('embedded');
    // The real program, and later starts of the file of the tests, which takes half the time.
    server = await startConch(environment());
  });

  afterAll(async () => {
    await endAll(server, simulator);
    await directory.remove();
  });

  const redisPid = () =>
    eventually(
      'redis-server runs',
      () =>
        processesOf(directory.path).find(
          ({ command }) => command.startsWith('/usr') || /redis-server unix/.test(command),
        )?.pid,
    );

  it('refuses a second server on the same directory, and says why', async () => {
    const { status, logs } = await Conch.startInVain({ DATA_DIR: directory.path });

    expect(status).toBe(1);
    expect(logs).toContain(`${directory.path} is in use by another Conch (process ${server.pid}`);
    expect(logs).toContain('DATA_DIR');
    expect(logs).not.toMatch(/^\s+at /m);
    expect((await server.api.turn(script('tokens=2 rate=0'))).content).toBe(generatedText(2));
  });

  it('starts its Redis again when that dies, also in the middle of an answer', async () => {
    const stream = await server.api.ask(script('tokens=160 rate=40'));
    const { taskId } = await started(stream);
    await stream.untilCount(20);
    process.kill(await redisPid(), 'SIGKILL');
    await stream.untilClosed();

    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events)).toMatchObject({ content: generatedText(160), terminal: { type: 'done' } });
    await eventually('the state is written', async () => (await server.api.task(taskId)).status === 'COMPLETED');
    expect((await server.api.turn(script('tokens=3 rate=0'))).content).toBe(generatedText(3));
    const replayed = await (await server.api.attach(taskId)).untilClosed();
    expect(fold(replayed.events)).toEqual(fold(stream.events));
  });

  it('finishes an answer that was cut by a kill', async () => {
    const stream = await server.api.ask(script('tokens=60 rate=40'));
    const { taskId } = await started(stream);
    await stream.untilCount(10);
    await server.kill();
    await start();
    const rest = await server.api.attach(taskId, stream.lastId);
    await rest.untilClosed();

    expect(fold([...stream.events, ...rest.events])).toMatchObject({
      content: generatedText(60),
      terminal: { type: 'done' },
    });
    expect((await server.api.task(taskId)).result?.value).toBe(generatedText(60));
  });

  it('finds and finishes an answer that no queue knows', async () => {
    const stream = await server.api.ask(script('tokens=60 rate=40'));
    const { taskId } = await started(stream);
    await server.kill();
    // As if it had been killed before the job was queued.
    await rm(join(directory.path, 'redis'), { recursive: true });
    await start({ LOST_RUN_AGE_SECONDS: '1', MAINTENANCE_INTERVAL_MS: '1000' });
    const rest = await (await server.api.attach(taskId)).untilClosed();

    expect(server.logs).toContain('no queue knows its run');
    expect(flaws(rest.events)).toEqual([]);
    expect(fold(rest.events)).toMatchObject({ content: generatedText(60), terminal: { type: 'done' } });
  });

  it.each([['kill'], ['stop']] as const)('keeps everything over a %s, and leaves no process behind', async (end) => {
    const turn = await server.api.turn(script('case=thinking tokens=9 reasoning=3 rate=0'));
    const { total } = (await server.api.get<{ total: number }>('/tasks')).body;
    const children = descendantsOf(server.pid);
    const names = children.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(names.some((name) => name.includes('redis-server'))).toBe(true);
    await server[end]();
    await eventually('all its processes have ended', () => !children.some(isAlive));
    expect(processesOf(directory.path)).toEqual([]);
    await start({ SIMULATOR: 'on' });

    expect((await server.api.get<{ total: number }>('/tasks')).body.total).toBe(total);
    expect(await server.api.task(turn.taskId)).toMatchObject({ status: 'COMPLETED', result: { value: turn.content } });
    const replayed = await (await server.api.attach(turn.taskId)).untilClosed();
    expect(flaws(replayed.events)).toEqual([]);
    expect(fold(replayed.events)).toEqual(fold(turn.stream.events));
    const next = await server.api.turn({ task_id: turn.taskId, prompt: script('tokens=2 rate=0', `After ${end}`) });
    expect(next.content).toBe(generatedText(2));
  });
});

describe('the configuration', () => {
  it('is refused with all its problems at once', async () => {
    const { status, logs } = await Conch.startInVain({
      PORT: '99999',
      MAX_CONCURRENT_DIRECT_CHATS: 'many',
      AUTH_MODE: 'maybe',
      REDIS_URL: 'http://x',
      ENCRYPTION_KEY: 'short',
      LOG_LEVEL: 'loud',
    });

    expect(status).toBe(1);
    expect(logs.match(/The configuration has \d+ problem/g)).toHaveLength(1);
    for (const name of [
      'PORT',
      'MAX_CONCURRENT_DIRECT_CHATS',
      'AUTH_MODE',
      'REDIS_URL',
      'ENCRYPTION_KEY',
      'LOG_LEVEL',
    ]) {
      expect(logs).toContain(name);
    }
    expect(logs).not.toMatch(/^\s+at /m);
  });

  it('does not listen for others without authentication', async () => {
    const { status, logs } = await Conch.startInVain({ HOST: '0.0.0.0', AUTH_MODE: 'off' });

    expect(status).toBe(1);
    expect(logs).toContain('HOST=0.0.0.0');
    expect(logs).toContain('AUTH_MODE=jwt');
  });

  it('needs keys with a database of its own', async () => {
    const { status, logs } = await Conch.startInVain({
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x',
      AUTH_MODE: 'jwt',
    });

    expect(status).toBe(1);
    expect(logs).toContain('ENCRYPTION_KEY');
    expect(logs).toContain('JWT_SECRET');
  });

  it('says which port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const port = String((other.address() as AddressInfo).port);
    try {
      const { status, logs } = await Conch.startInVain({ PORT: port, SIMULATOR: 'off' });
      expect(status).toBe(1);
      expect(logs).toContain(port);
    } finally {
      other.close();
    }
  });

  it('does not show secrets when the stores cannot be reached', async () => {
    const { status, logs } = await Conch.startInVain({
      DATABASE_URL: 'postgres://me:a-password-of-mine@127.0.0.1:1/x',
      ENCRYPTION_KEY: 'ab'.repeat(32),
      SIMULATOR: 'off',
    });

    expect(status).toBe(1);
    expect(logs).not.toContain('a-password-of-mine');
    expect(logs).not.toContain('abababab');
  });
});
