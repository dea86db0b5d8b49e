import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventSourceMessage } from 'eventsource-parser';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { validateImage } from '../../src/executor-manager/validate-image.js';
import { endAll, eventually, freePort, Watched } from '../support/child.js';
import { Conch, entryOf } from '../support/conch.js';
import { DockerServer, sh, withShell } from '../support/executors/docker-engine.js';
import { connect, EventStream } from '../support/streams/event-stream.js';

interface Validation {
  validationId: string;
  status: string;
  progress: number;
  outcome: string | null;
  errors: string[];
  checks: { name: string; status: string; version: string | null }[];
}

interface Shell {
  state: string;
  stateReason: string | null;
  validation: Validation | null;
}

const prints = (text: string) => sh(`echo "${text}"`);
const GOOD = withShell({
  'bin/node': prints('v22.11.0'),
  'bin/claude': prints('1.0.58 (Claude Code)'),
  'bin/sqlite3': prints('3.50.4'),
  'bin/python3': prints('Python 3.13.5'),
});
const TOKEN = 'the-internal-token-of-this-test';

/** Makes a shell of an image, as a user does, and follows its validation live. */
async function follow(server: Conch, name: string, image: string) {
  const created = await server.api.post<Shell>('/shells', { name, baseShellRef: 'ClaudeCode', baseImage: image });
  if (created.status !== 201) throw new Error(`HTTP ${created.status} ${created.text}`);
  const shell = async () => (await server.api.get<Shell>(`/shells/unified/${name}`)).body;
  const id = (await shell()).validation?.validationId ?? '';
  const { outgoing, reply } = await connect(`${server.url}/api/shells/validation-status/${id}/events`);
  const read = ({ id: eventId = '', data }: EventSourceMessage) => ({
    id: eventId,
    data: JSON.parse(data) as Validation,
  });

  return { shell, id, events: new EventStream(read, outgoing, reply) };
}

describe('images on the whole: API, executor manager, engine', () => {
  let docker: DockerServer;

  beforeAll(async () => {
    docker = await DockerServer.start();
    await docker.addImage('good', GOOD);
    await docker.addImage('old', { ...GOOD, 'bin/node': prints('v18.20.4') });
    await docker.addImage('no-shell', { app: { copy: '/bin/busybox' } });
    await docker.addImage('slow', { ...GOOD, 'bin/node': sh('sleep 1000') });
  });
  afterAll(() => endAll(docker));

  describe('with the manager beside the server', () => {
    let server: Conch;

    beforeAll(async () => {
      server = await Conch.start({
        ...{ SIMULATOR: 'off', EXECUTOR_MANAGER: 'on', DOCKER_SOCKET: docker.socket, MAX_CONCURRENT_TASKS: '0' },
      });
    });
    afterAll(() => endAll(server));

    it('makes a shell available whose image holds what is needed', async () => {
      const { shell, events } = await follow(server, 'good', 'good');
      await events.untilClosed();

      expect(events.last?.data).toMatchObject({ status: 'completed', progress: 100, outcome: 'valid' });
      expect(events.last?.data.checks.map(({ version }) => version)).toEqual(['22.11.0', '1.0.58', '3.50.4', '3.13.5']);
      const progress = events.events.map(({ data }) => data.progress);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      expect(await shell()).toMatchObject({ state: 'Available', stateReason: null });
    });

    it.each([
      ['old', 'at least 20.0.0 is needed'],
      ['no-shell', 'has no shell'],
      ['127.0.0.1:1/away', null],
    ])('says what is wrong with the image "%s"', async (image, reason) => {
      const { shell, events } = await follow(server, `bad-${image.replaceAll(/\W/g, '-')}`, image);
      await events.untilClosed();
      const { state, stateReason } = await shell();

      expect(events.last?.data.outcome).toBe(reason === null ? 'error' : 'invalid');
      expect(state).toBe(reason === null ? 'Pending' : 'Unavailable');
      expect(stateReason).toContain(reason ?? 'registry');
    });

    it('leaves neither container nor process when the server is killed', async () => {
      const { events } = await follow(server, 'slow', 'slow');
      await events.until(({ data }) => data.status === 'running_checks');
      const [child = 0] = childrenOf(server.pid).filter((pid) => commandOf(pid).includes('executor-manager'));
      expect(child).toBeGreaterThan(0);
      expect(await docker.containers()).toHaveLength(1);
      await server.kill();

      await eventually('the manager has ended', () => !existsSync(`/proc/${child}`));
      expect(await docker.containers()).toEqual([]);
    });
  });

  it.each([
    [['good', '--shell', 'ClaudeCode'], 0, 'PASS  node: 22.11.0 will do'],
    [['old', '--shell', 'ClaudeCode'], 1, 'FAIL  node: The version is 18.20.4, at least 20.0.0 is needed'],
    [['no-shell', '--shell', 'Agno'], 1, 'has no shell'],
    [['127.0.0.1:1/away', '--shell', 'Agno'], 3, 'No verdict (registry_unavailable)'],
    [['good'], 2, 'npm run validate-image'],
    [['good', '--shell', 'Agno', '--pull', 'perhaps'], 2, 'IMAGE_PULL_POLICY'],
    [['https://good', '--shell', 'Agno'], 2, 'The image must not begin with a scheme'],
  ])('says the same on the command line: %j', async (args, status, text) => {
    let output = '';
    const write = (part: string) => void (output += part);

    expect(await validateImage(args, { DOCKER_SOCKET: docker.socket }, { write })).toBe(status);
    expect(output).toContain(text);
    expect(await docker.containers()).toEqual([]);
  });

  it('finds out in the end, although the manager is killed in the middle', async () => {
    const port = await freePort();
    const managerUrl = `http://127.0.0.1:${port}`;
    const server = await Conch.start({
      ...{ SIMULATOR: 'off', EXECUTOR_MANAGER_URL: managerUrl, INTERNAL_API_TOKEN: TOKEN },
      // A manager that is silent for a tenth of it is asked again.
      IMAGE_VALIDATION_TIMEOUT_SECONDS: '60',
    });
    const start = (checkSeconds: string) => {
      const { PATH = '' } = process.env;
      const environment = {
        ...{ PATH, ROLES: 'executor-manager', PORT: String(port), BACKEND_URL: server.url },
        ...{ INTERNAL_API_TOKEN: TOKEN, DOCKER_SOCKET: docker.socket, IMAGE_CHECK_TIMEOUT_SECONDS: checkSeconds },
        MAX_CONCURRENT_TASKS: '0',
      };

      return new Watched(spawn(process.execPath, [entryOf('src/main.js')], { env: environment, stdio: 'pipe' }));
    };
    const first = start('30');
    const { events, shell } = await follow(server, 'slow', 'slow');
    await events.until(({ data }) => data.status === 'running_checks');
    await first.end('SIGKILL');
    expect(await docker.containers()).toHaveLength(1);
    const second = start('1');
    await events.untilClosed();

    expect(events.last?.data).toMatchObject({ outcome: 'invalid' });
    expect(events.last?.data.checks.map(({ status }) => status)).toEqual(['fail', 'pass', 'pass', 'pass']);
    expect((await shell()).state).toBe('Unavailable');
    await eventually('nothing is left', async () => (await docker.containers()).length === 0);
    expect(await second.end('SIGTERM')).toBe(0);
    await server.stop();
  });
});

function childrenOf(parent: number): number[] {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
    .split(' ')
    .filter((pid) => pid !== '')
    .map(Number);
}

const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
