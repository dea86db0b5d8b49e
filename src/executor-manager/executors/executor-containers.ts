import { Injectable, Logger } from '@nestjs/common';
import { isLoopbackHost } from '../../common/loopback.js';
import { parseImageReference } from '../../common/image-reference.js';
import { AppConfig } from '../../config/app-config.js';
import {
  ContainerRuntime,
  type ContainerSession,
  type ContainerSpec,
  type ContainerState,
  type StartObserver,
} from '../runtime/container-runtime.js';
import { ImageProblem } from '../runtime/runtime-errors.js';
import { LABELS } from '../runtime/runtime-labels.js';
import type { ClaimedWork } from './claimed-work.js';
import { ExecutorNames } from './executor-names.js';
import { ExecutorProgram, PROGRAM_COMMAND, PROGRAM_PATH } from './executor-program.js';

const WORKSPACE_PATH = '/workspace';

/** An image with the name by which it was asked for. */
export interface ExecutorImage {
  id: string;
  canonical: string;
}

/** The containers of executors and their workspaces: one of each for a task. */
@Injectable()
export class ExecutorContainers {
  readonly names: ExecutorNames;
  private readonly log = new Logger(ExecutorContainers.name);
  private readonly sessions = new Map<string, ContainerSession>();
  /** The last change of each container that is not done yet: changes of one come one after the other. */
  private readonly changing = new Map<string, Promise<unknown>>();

  constructor(
    private readonly config: AppConfig,
    private readonly runtime: ContainerRuntime,
    private readonly program: ExecutorProgram,
  ) {
    this.names = new ExecutorNames(config.manager.name);
  }

  /** Address of the API for executors. */
  get apiUrl(): string {
    const { backendUrl, executors } = this.config.manager;

    return `${(executors.apiUrl ?? backendUrl).replace(/\/+$/, '').replace(/\/api$/, '')}/api`;
  }

  /** The network that executors are in. */
  get network(): string {
    return this.config.manager.executors.network ?? (isLoopbackHost(new URL(this.apiUrl).host) ? 'host' : 'bridge');
  }

  /** Returns the image for some work, which is pulled if need be. @throws ImageProblem, EngineTrouble, the signal's reason */
  async image(
    { image }: ClaimedWork,
    onProgress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<ExecutorImage> {
    const name = image ?? this.config.manager.executors.image;
    if (name === undefined)
      throw new ImageProblem(
        'There is no image for the executor: give its shell one (baseImage), or set EXECUTOR_IMAGE at the executor manager',
      );
    const reference = parseImageReference(name);
    const { id } = await this.runtime.obtainImage({ reference, isTrusted: image === null }, onProgress, signal);

    return { id, canonical: reference.canonical };
  }

  /**
   * Returns the input of the task's container: of the one that it has if that runs, was asked for and is made of the same
   * image and program; else of a new one with the same workspace.
   * @throws ImageProblem, EngineTrouble, the signal's reason
   */
  async provide(work: ClaimedWork, image: ExecutorImage, observer: StartObserver): Promise<ContainerSession> {
    const name = this.names.executor(work.taskId);

    return this.change(name, async () => {
      const program = await this.program.volume();
      const labels = this.labelsOf(work, image, program);
      const known = await this.runtime.find(name);
      const isSame = known?.labels[LABELS.image] === image.canonical && known.labels[LABELS.files] === program;
      if (known?.isRunning && work.executorName === name && isSame) return this.open(name);
      if (known) await this.discard(name);
      const workspace = this.names.workspace(work.taskId);
      await this.runtime.ensureVolume(workspace, this.workspaceLabels(work.taskId));
      const { limits } = this.config.manager.executors;
      const spec: ContainerSpec = {
        ...{ name, image, labels, limits, network: this.network },
        ...{ command: PROGRAM_COMMAND, workingDirectory: WORKSPACE_PATH, env: environmentOf(name) },
        mounts: [
          { volume: program, path: PROGRAM_PATH, isReadOnly: true },
          { volume: workspace, path: WORKSPACE_PATH, isReadOnly: false },
        ],
      };
      const session = await this.runtime.start(spec, observer);
      this.log.log(`task ${work.taskId} subtask ${work.subtaskId} container ${name}: started from ${image.canonical}`);
      this.remember(name, session);

      return session;
    });
  }

  /** Returns a container; null when it is gone. @throws EngineTrouble */
  state(name: string): Promise<ContainerState | null> {
    return this.runtime.find(name);
  }

  /** Ends and removes a container; its workspace stays. @param isWanted asked at the last moment @throws EngineTrouble */
  async remove(name: string, graceSeconds = 0, isWanted = (): boolean => true): Promise<void> {
    await this.change(name, async () => {
      if (isWanted()) await this.discard(name, graceSeconds);
    });
  }

  /** Removes the workspace of a task whose container is gone. @throws EngineTrouble */
  async removeWorkspace(taskId: number): Promise<void> {
    const name = this.names.workspace(taskId);
    if (!(await this.runtime.removeVolume(name))) this.log.warn(`task ${taskId}: its workspace ${name} is still used`);
  }

  /** Returns the containers of this manager's executors. @throws EngineTrouble */
  list() {
    return this.runtime.list({ [LABELS.manager]: this.config.manager.name, [LABELS.executor]: '' });
  }

  /** Returns the tasks that have a workspace here. @throws EngineTrouble */
  async tasksWithWorkspace(): Promise<number[]> {
    const found = await this.runtime.listVolumes(this.workspaceLabels(''));

    return found.map(({ labels }) => Number(labels[LABELS.task]));
  }

  /** Closes the connections; the containers run on. */
  close(): void {
    for (const session of this.sessions.values()) session.close();
  }

  private async open(name: string): Promise<ContainerSession> {
    const known = this.sessions.get(name);
    if (known) return known;
    const session = await this.runtime.attach(name);
    this.remember(name, session);

    return session;
  }

  private remember(name: string, session: ContainerSession): void {
    this.sessions.set(name, session);
    void session.ended.then(() => {
      if (this.sessions.get(name) === session) this.sessions.delete(name);
    });
  }

  private async discard(name: string, graceSeconds?: number): Promise<void> {
    await this.runtime.remove(name, graceSeconds);
    this.sessions.get(name)?.close();
    this.sessions.delete(name);
  }

  private async change<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.changing.get(name) ?? Promise.resolve();
    const change = before.then(work, work);
    this.changing.set(name, change);
    try {
      return await change;
    } finally {
      if (this.changing.get(name) === change) this.changing.delete(name);
    }
  }

  private labelsOf({ taskId, taskType }: ClaimedWork, { canonical }: ExecutorImage, program: string) {
    return {
      ...{ [LABELS.manager]: this.config.manager.name, [LABELS.task]: String(taskId) },
      ...{ [LABELS.executor]: this.names.executor(taskId), [LABELS.taskType]: taskType },
      ...{ [LABELS.image]: canonical, [LABELS.files]: program },
    };
  }

  private workspaceLabels(taskId: number | '') {
    return { [LABELS.manager]: this.config.manager.name, [LABELS.task]: String(taskId) };
  }
}

/** Nothing secret: engines show the environment of containers. */
function environmentOf(name: string) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();

  return {
    ...{ CONCH_EXECUTOR_NAME: name, HOME: `${WORKSPACE_PATH}/.home`, LANG: 'C.UTF-8', TZ: timeZone },
    // Claude Code works without questions as root in a sandbox only, which a container is.
    IS_SANDBOX: '1',
  };
}
