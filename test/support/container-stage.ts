import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ContainerInfo } from 'dockerode';
import { type Simulator, startSimulator } from '../../tools/simulator/simulator.js';
import type { SubtaskBody, TaskBody } from './api.js';
import { endAll, eventually, temporaryDirectory } from './child.js';
import { Conch, entryOf, type Environment } from './conch.js';
import { DockerServer, type ImageFiles } from './docker-engine.js';

const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** The libraries that programs of this machine load, at their places. */
function librariesOf(...programs: string[]): string[] {
  const { stdout } = spawnSync('ldd', programs, { encoding: 'utf8' });

  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library);
}

const copies = (files: readonly string[]): ImageFiles =>
  Object.fromEntries(files.map((file) => [file.slice(1), { copy: file }]));

const PROGRAMS = ['/bin/bash', '/usr/bin/git'];
/** What the Node binary of executors needs, a shell and git. */
const WITH_GLIBC: ImageFiles = {
  ...copies([...PROGRAMS, ...librariesOf(process.execPath, ...PROGRAMS)]),
  'bin/sh': { linkTo: 'bash' },
};

const IMAGE = 'with-glibc';

/** What Claude Code runs commands with, beside a shell and git. */
const TOOLS = ['cat', 'echo', 'env', 'ls', 'mkdir', 'ps', 'rm', 'sleep', 'tail', 'touch', 'uname'].map(
  (name) => `/usr/bin/${name}`,
);

/** An answer, as the API shows it. */
export type Answer = SubtaskBody & { executor_name: string; error_message: string | null };

/** A server whose embedded executor manager runs containers at a dockerd of its own. */
export class ContainerStage {
  readonly secret = 'sk-secret-of-the-model';

  private constructor(
    readonly docker: DockerServer,
    readonly server: Conch,
    /** The model of executors; null when the stand-in needs none. */
    private readonly model: Simulator | null,
    private readonly removeFiles: () => Promise<void>,
  ) {}

  /** With the stand-in as the program of containers. */
  static async start(environment: Environment = {}): Promise<ContainerStage> {
    const docker = await DockerServer.start();
    await docker.addImage(IMAGE, WITH_GLIBC);
    await docker.addImage('with-musl', { 'bin/busybox': { copy: '/bin/busybox' } });
    const files = temporaryDirectory('executor');
    copyFileSync(resolve('test/support/stand-in-executor.mjs'), join(files.path, 'executor.mjs'));
    const server = await startServer(docker, { SIMULATOR: 'off', EXECUTOR_FILES: files.path, ...environment });

    return new ContainerStage(docker, server, null, files.remove);
  }

  /** With the real program in containers, Claude Code in their image, and the simulator as its model. */
  static async startWithClaudeCode(claude: string, environment: Environment = {}): Promise<ContainerStage> {
    const docker = await DockerServer.start();
    const programs = [claude, ...TOOLS];
    const tools = copies([...TOOLS, ...librariesOf(...programs)]);
    await docker.addImage(IMAGE, { ...WITH_GLIBC, ...tools, 'usr/bin/claude': { copy: claude } });
    const model = await startSimulator();
    const files = dirname(entryOf('executor/executor.mjs'));
    const memory = { EXECUTOR_MEMORY_MB: '2048', EXECUTOR_PIDS: '256' };
    const server = await startServer(docker, {
      ...{ SIMULATOR: model.url, EXECUTOR_FILES: files },
      ...memory,
      ...environment,
    });

    return new ContainerStage(docker, server, model, () => Promise.resolve());
  }

  get simulator(): Simulator {
    if (!this.model) throw new Error('the stand-in asks no model');

    return this.model;
  }

  /** Makes a team of one bot. @param image of its shell; that of the manager when it is left out */
  async team(name: string, image?: string): Promise<string> {
    const shell = image === undefined ? 'ClaudeCode' : name;
    if (image !== undefined) await this.created('/shells', { name, baseShellRef: 'ClaudeCode', baseImage: image });
    const env = {
      ...{ MODEL_TYPE: 'claude', MODEL_ID: 'claude-sonnet-4-5', API_KEY: this.secret },
      ...(this.model && { BASE_URL: `${this.model.url}/claude` }),
    };
    const bot = await this.created('/bots', { name, shell_name: shell, agent_config: { env } });
    await this.created('/teams', { name, bots: [{ bot_id: bot }] });

    return name;
  }

  /** Asks a team. @returns the task's id */
  ask(team: string, prompt: string): Promise<number> {
    return this.created('/tasks/create', { team_name: team, prompt, task_type: 'code' });
  }

  /** The next turn of a task. */
  async askAgain(taskId: number, prompt: string): Promise<void> {
    await this.created(`/tasks/${taskId}`, { prompt });
  }

  async answers(taskId: number): Promise<Answer[]> {
    const { subtasks } = await this.server.api.task(taskId);

    return subtasks.filter(({ role }) => role === 'ASSISTANT') as Answer[];
  }

  /** Waits until the executor of a task has reported. */
  async atWork(taskId: number): Promise<Answer> {
    return eventually(`the executor of task ${taskId} is at work`, async () => {
      const answer = (await this.answers(taskId)).at(-1);

      return answer?.status === 'RUNNING' && answer.progress >= 10 && answer;
    });
  }

  /** The task, once it has ended. */
  async ended(taskId: number, timeoutMs = 60_000): Promise<TaskBody> {
    return eventually(
      `task ${taskId} ends`,
      async () => {
        const task = await this.server.api.task(taskId);

        return ENDED.includes(task.status) && task;
      },
      timeoutMs,
    );
  }

  /** The container of a task. */
  async container(taskId: number): Promise<ContainerInfo | undefined> {
    const all = await this.docker.containers();

    return all.find(({ Labels }) => Labels['conch.executor'] !== undefined && Labels['conch.task'] === String(taskId));
  }

  /** Process id of the executor manager; undefined while there is none. */
  get managerPid(): number | undefined {
    const { pid } = this.server;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const manager = children.find((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('executor-manager'));

    return manager === undefined ? undefined : Number(manager);
  }

  async stop(): Promise<void> {
    await endAll(this.server, this.docker);
    await this.model?.close();
    await this.removeFiles();
  }

  private async created(path: string, body: object): Promise<number> {
    const reply = await this.server.api.post<{ id: number }>(path, body);
    if (reply.status !== 201) throw new Error(`POST ${path}: HTTP ${reply.status} ${reply.text}`);

    return reply.body.id;
  }
}

function startServer(docker: DockerServer, environment: Environment): Promise<Conch> {
  return Conch.start({
    ...{ EXECUTOR_MANAGER: 'on', DOCKER_SOCKET: docker.socket, EXECUTOR_IMAGE: IMAGE },
    ...{ EXECUTOR_MEMORY_MB: '256', EXECUTOR_CPUS: '1', EXECUTOR_PIDS: '64' },
    ...{ MAX_CONCURRENT_TASKS: '2', MAX_RUNNING_TASKS_PER_USER: '1000' },
    ...environment,
  });
}
