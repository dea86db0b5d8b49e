import {
  type ContainerInfo,
  ContainerRuntime,
  type ContainerSession,
  type ContainerSpec,
  type ContainerState,
  type Labels,
  type RuntimeImage,
  type VolumeInfo,
  type WantedImage,
} from '../runtime/container-runtime.js';
import { EngineTrouble } from '../runtime/runtime-errors.js';

const hasLabels = (labels: Labels, wanted: Labels) =>
  Object.entries(wanted).every(([name, value]) => (value === '' ? name in labels : labels[name] === value));

/** A container in memory. Its program does nothing but keep the lines that it is sent. */
export class FakeContainer {
  readonly lines: string[] = [];
  readonly state: ContainerState;
  private readonly connections = new Set<() => void>();

  constructor(
    readonly spec: ContainerSpec,
    readonly number: number,
  ) {
    const { name, labels } = spec;
    this.state = { name, labels, isRunning: true, exitCode: 0, isOutOfMemory: false, startedAt: Date.now() };
  }

  open(): ContainerSession {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.connections.add(end);

    return {
      ended,
      send: (line) => {
        if (!this.state.isRunning) return Promise.reject(new EngineTrouble('engine_unavailable', 'it has ended'));
        this.lines.push(line);

        return Promise.resolve();
      },
      output: () => '',
      close: end,
    };
  }

  exit(exitCode: number, isOutOfMemory = false): void {
    Object.assign(this.state, { isRunning: false, exitCode, isOutOfMemory });
    for (const end of this.connections) end();
  }
}

/** A container engine in memory. */
export class FakeRuntime extends ContainerRuntime {
  readonly containers = new Map<string, FakeContainer>();
  readonly volumes = new Map<string, Labels>();
  /** Awaited by each pull. */
  pulling: Promise<void> = Promise.resolve();
  /** Thrown by each pull. */
  pullError: Error | null = null;
  /** How many containers there were. */
  count = 0;

  ping(): Promise<void> {
    return Promise.resolve();
  }

  async obtainImage(
    { reference }: WantedImage,
    onProgress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<RuntimeImage> {
    onProgress(0.5);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([this.pulling, aborted]);
    if (this.pullError) throw this.pullError;

    return { id: reference.canonical, digests: [], platform: 'linux/amd64' };
  }

  start(spec: ContainerSpec): Promise<ContainerSession> {
    if (this.containers.has(spec.name)) return Promise.reject(new EngineTrouble('internal', 'the name is used'));
    this.count += 1;
    const container = new FakeContainer(spec, this.count);
    this.containers.set(spec.name, container);

    return Promise.resolve(container.open());
  }

  attach(name: string): Promise<ContainerSession> {
    const container = this.containers.get(name);

    return container
      ? Promise.resolve(container.open())
      : Promise.reject(new EngineTrouble('internal', 'there is no such container'));
  }

  find(name: string): Promise<ContainerState | null> {
    return Promise.resolve(this.containers.get(name)?.state ?? null);
  }

  list(labels: Labels): Promise<ContainerInfo[]> {
    const all = [...this.containers.values()].map(({ state }) => state);

    return Promise.resolve(all.filter((state) => hasLabels(state.labels, labels)));
  }

  remove(name: string): Promise<void> {
    this.containers.get(name)?.exit(137);
    this.containers.delete(name);

    return Promise.resolve();
  }

  ensureVolume(name: string, labels: Labels): Promise<void> {
    this.volumes.set(name, labels);

    return Promise.resolve();
  }

  ensureFiles(name: string, labels: Labels): Promise<void> {
    return this.ensureVolume(name, labels);
  }

  listVolumes(labels: Labels): Promise<VolumeInfo[]> {
    const all = [...this.volumes].map(([name, own]) => ({ name, labels: own }));

    return Promise.resolve(all.filter((volume) => hasLabels(volume.labels, labels)));
  }

  removeVolume(name: string): Promise<boolean> {
    this.volumes.delete(name);

    return Promise.resolve(true);
  }
}
