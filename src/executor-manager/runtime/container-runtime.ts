import type { ImageReference } from '../../common/image-reference.js';

export type Labels = Readonly<Record<string, string>>;

/** An image that containers can be made of. */
export interface RuntimeImage {
  /** By which the runtime finds exactly this image, whatever its name means later. */
  id: string;
  /** Names with digests, e.g. `registry.example/tool@sha256:…`; an image that was never in a registry has none. */
  digests: string[];
  /** e.g. `linux/arm64`, as its maker says. */
  platform: string;
}

/** An image that is wanted. */
export interface WantedImage {
  reference: ImageReference;
  /** Whether it is the operator's own choice, which the rules for registries of users do not concern. */
  isTrusted: boolean;
}

/** Limits of one container. */
export interface ContainerLimits {
  memoryMb: number;
  cpus: number;
  /** Processes and threads. */
  pids: number;
}

/** A container that waits for lines at its standard input. Nothing in it is secret: engines show all of it. */
export interface ContainerSpec {
  /** Unique at the runtime. */
  name: string;
  image: Pick<RuntimeImage, 'id'>;
  labels: Labels;
  env: Readonly<Record<string, string>>;
  /** In place of the entry point and the command of the image. */
  command: readonly string[];
  workingDirectory: string;
  mounts: readonly { volume: string; path: string; isReadOnly: boolean }[];
  limits: ContainerLimits;
  /** Name of a network of the runtime; `host` is that of the machine. */
  network: string;
}

/** A container, whether it runs or not. */
export interface ContainerInfo {
  name: string;
  labels: Labels;
  isRunning: boolean;
}

/** A container in detail. */
export interface ContainerState extends ContainerInfo {
  /** Of one that has ended. */
  exitCode: number;
  isOutOfMemory: boolean;
  /** Why the engine has ended it, in words that follow "the executor"; undefined when its program ended by itself. */
  engineReason?: string | undefined;
  /** The end of what it has printed, of engines that keep it. */
  log?: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** A connection to the standard input and output of a container. It may end while the container runs on. */
export interface ContainerSession {
  /** Resolves when it has ended, for whatever reason: ask for the state. Never rejects. */
  readonly ended: Promise<void>;
  /** Writes one line. @throws EngineTrouble when the connection has ended */
  send(line: string): Promise<void>;
  /** The beginning and the end of what was printed since it was opened. */
  output(): string;
  close(): void;
}

/** The one that waits for a container to start. */
export interface StartObserver {
  /** Ends the waiting. */
  signal: AbortSignal;
  /** Called with what is being done, in a sentence, by engines that take long. */
  onStage: (stage: string) => void;
}

/** A file of a volume. */
export interface VolumeFile {
  /** Relative to the volume, with `/`. */
  path: string;
  /** Absolute path on this machine. */
  source: string;
  isExecutable: boolean;
}

/** A volume of a runtime. */
export interface VolumeInfo {
  name: string;
  labels: Labels;
}

/**
 * Where containers of executors run: Docker, or another engine. All methods throw EngineTrouble when the engine does not do
 * what it is asked for; repeating a call is safe.
 */
export abstract class ContainerRuntime {
  /** Checks that the engine answers. */
  abstract ping(): Promise<void>;

  /**
   * Returns an image, which is pulled if it is not there. Where nodes pull images, they do so when a container starts.
   * @param onProgress called with the share of the pull that is done, from 0 to 1, never less than before
   * @throws ImageProblem when there is no such image, or it may not be used
   */
  abstract obtainImage(
    wanted: WantedImage,
    onProgress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<RuntimeImage>;

  /**
   * Creates a container, opens its input and starts it. Nothing of it remains when that fails.
   * @throws ImageProblem when the image cannot be pulled or cannot run its command, and the signal's reason
   */
  abstract start(spec: ContainerSpec, observer: StartObserver): Promise<ContainerSession>;

  /** Opens the input of a running container, of an earlier process of the manager too. */
  abstract attach(name: string): Promise<ContainerSession>;

  /** Returns a container; null when there is none of that name. */
  abstract find(name: string): Promise<ContainerState | null>;

  /** Returns the containers with all of these labels. */
  abstract list(labels: Labels): Promise<ContainerInfo[]>;

  /** Ends a container with all its processes, and removes it. Its volumes remain. @param graceSeconds between SIGTERM and SIGKILL */
  abstract remove(name: string, graceSeconds?: number): Promise<void>;

  /** Makes sure that a volume exists, which any user of a container may write to. */
  abstract ensureVolume(name: string, labels: Labels): Promise<void>;

  /** Makes sure that a volume with exactly these files exists. */
  abstract ensureFiles(name: string, labels: Labels, files: readonly VolumeFile[]): Promise<void>;

  /** Returns the volumes with all of these labels. */
  abstract listVolumes(labels: Labels): Promise<VolumeInfo[]>;

  /** Removes a volume. No error when there is none. @returns false when a container uses it */
  abstract removeVolume(name: string): Promise<boolean>;
}
