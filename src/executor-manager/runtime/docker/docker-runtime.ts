import { Injectable } from '@nestjs/common';
import type { Container } from 'dockerode';
import type { Duplex } from 'node:stream';
import {
  type ContainerInfo,
  ContainerRuntime,
  type ContainerSession,
  type ContainerSpec,
  type ContainerState,
  type Labels,
  type RuntimeImage,
  type VolumeFile,
  type VolumeInfo,
  type WantedImage,
} from '../container-runtime.js';
import { executorOptions } from './container-options.js';
import { DockerClient } from './docker-client.js';
import { DockerEngine } from './docker-engine.js';
import { filterOf, orNull } from './docker-filters.js';
import { DockerSession } from './docker-session.js';
import { DockerVolumes } from './docker-volumes.js';
import { engineCall, engineStatus } from './engine-errors.js';
import { ImageSource } from './image-source.js';
import { openDirectory } from './volume-archive.js';

const ATTACH = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };

/** Containers of executors at Docker, or at what speaks its API. */
@Injectable()
export class DockerRuntime extends ContainerRuntime {
  constructor(
    private readonly docker: DockerClient,
    private readonly engine: DockerEngine,
    private readonly images: ImageSource,
    private readonly volumes: DockerVolumes,
  ) {
    super();
  }

  ping(): Promise<void> {
    return this.engine.ping();
  }

  obtainImage(wanted: WantedImage, onProgress: (share: number) => void, signal: AbortSignal): Promise<RuntimeImage> {
    return this.images.obtain(wanted, onProgress, signal);
  }

  async start(spec: ContainerSpec): Promise<ContainerSession> {
    const container = await engineCall(this.docker.createContainer(executorOptions(spec)));
    try {
      for (const { path } of spec.mounts.filter(({ isReadOnly }) => !isReadOnly)) {
        await engineCall(container.putArchive(openDirectory(), { path }));
      }
      // Attached before it starts, so that nothing of its output is missed.
      const session = await open(container, true);
      await engineCall(container.start());

      return session;
    } catch (error) {
      await this.remove(spec.name);
      throw error;
    }
  }

  attach(name: string): Promise<ContainerSession> {
    return open(this.docker.getContainer(name), false);
  }

  async find(name: string): Promise<ContainerState | null> {
    const found = await orNull(engineCall(this.docker.getContainer(name).inspect()));
    if (!found) return null;
    const { State, Config } = found;

    return {
      ...{ name, labels: Config.Labels, isRunning: State.Running, exitCode: State.ExitCode },
      ...{ isOutOfMemory: State.OOMKilled, startedAt: Date.parse(State.StartedAt) },
    };
  }

  async list(labels: Labels): Promise<ContainerInfo[]> {
    const found = await engineCall(this.docker.listContainers({ all: true, filters: filterOf(labels) }));

    return found.map(({ Names, Labels: all, State }) => ({
      name: (Names[0] ?? '').replace(/^\//, ''),
      labels: all,
      isRunning: State === 'running',
    }));
  }

  async remove(name: string, graceSeconds = 0): Promise<void> {
    const container = this.docker.getContainer(name);
    if (graceSeconds > 0) await unlessGone(engineCall(container.stop({ t: graceSeconds })));
    await unlessGone(engineCall(container.remove({ force: true, v: true })));
  }

  ensureVolume(name: string, labels: Labels): Promise<void> {
    return this.volumes.ensure(name, labels);
  }

  ensureFiles(name: string, labels: Labels, files: readonly VolumeFile[]): Promise<void> {
    return this.volumes.ensureFiles(name, labels, files);
  }

  listVolumes(labels: Labels): Promise<VolumeInfo[]> {
    return this.volumes.list(labels);
  }

  removeVolume(name: string): Promise<boolean> {
    return this.volumes.remove(name);
  }
}

async function open(container: Container, isNew: boolean): Promise<ContainerSession> {
  const stream = await engineCall(container.attach(ATTACH));

  return new DockerSession(stream as Duplex, isNew);
}

/** Waits for the end of something that may be gone already, or is being removed. */
async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (![304, 404, 409].includes(engineStatus((error as Error).cause) ?? 0)) throw error;
  }
}
