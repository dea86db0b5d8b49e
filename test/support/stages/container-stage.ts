import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ContainerInfo } from 'dockerode';
import { type Simulator, startSimulator } from '../../../tools/simulator/simulator.js';
import { endAll, temporaryDirectory } from '../child.js';
import { Conch, entryOf, type Environment } from '../conch.js';
import { DockerServer, type ImageFiles } from '../executors/docker-engine.js';
import { TeamStage } from './team-stage.js';

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

/** That of executors: of a registry that does not answer, should the engine not have it. */
const IMAGE = '127.0.0.1:1/executors';

/** What Claude Code runs commands with, beside a shell and git. */
const TOOLS = ['cat', 'echo', 'env', 'ls', 'mkdir', 'ps', 'rm', 'sleep', 'tail', 'touch', 'uname'].map(
  (name) => `/usr/bin/${name}`,
);

/** A server whose embedded executor manager runs containers at a dockerd of its own. */
export class ContainerStage extends TeamStage {
  private constructor(
    readonly docker: DockerServer,
    server: Conch,
    model: Simulator | null,
    private readonly removeFiles: () => Promise<void>,
  ) {
    super(server, model);
  }

  /** With the stand-in as the program of containers. */
  static async start(environment: Environment = {}): Promise<ContainerStage> {
    const docker = await DockerServer.start();
    await docker.addImage('with-glibc', WITH_GLIBC);
    await docker.addImage('with-musl', { 'bin/busybox': { copy: '/bin/busybox' } });
    await docker.tag('with-glibc', IMAGE);
    const files = temporaryDirectory('executor');
    copyFileSync(resolve('test/support/executors/stand-in-executor.mjs'), join(files.path, 'executor.mjs'));
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

  /** Makes another image that of executors; with null the engine has none of that name. */
  async useImage(name: string | null): Promise<void> {
    await this.docker.untag(IMAGE);
    if (name !== null) await this.docker.tag(name, IMAGE);
  }

  /** The container of a task. */
  async container(taskId: number): Promise<ContainerInfo | undefined> {
    const all = await this.docker.containers();

    return all.find(({ Labels }) => Labels['conch.executor'] !== undefined && Labels['conch.task'] === String(taskId));
  }

  async stop(): Promise<void> {
    await endAll(this.server, this.docker);
    await this.model?.close();
    await this.removeFiles();
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
