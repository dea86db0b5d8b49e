import type { Labels, RuntimeImage } from './container-runtime.js';

/** Kept of the beginning of a command's output, and of its end. */
export const KEPT_BYTES = 32 * 1024;
/** A command that prints more is stopped: the engine has to carry all of it. */
export const MAX_BYTES = 8 * 1024 * 1024;

/** What a command in a container did. */
export interface CommandResult {
  /** `slow`: it was still running when its time was up; `loud`: it printed too much. It runs on, see `restart`. */
  ended: 'exited' | 'slow' | 'loud';
  /** Null unless it exited. */
  exitCode: number | null;
  /** stdout and stderr together; the middle of a long output is cut. */
  output: string;
}

/** Whether a container runs, and what became of it. */
export interface CheckState {
  isRunning: boolean;
  exitCode: number;
  isOutOfMemory: boolean;
  /** What its first process printed. */
  log: string;
}

/** A container that runs an image's checks. All methods throw EngineTrouble when the engine fails. */
export interface CheckContainer {
  /**
   * Starts its shell, which waits for commands.
   * @returns names with digests of its image, where the engine pulls it only now
   * @throws ImageProblem when it is pulled only now, and cannot be used
   */
  start(signal: AbortSignal): Promise<string[]>;
  /**
   * Runs a command in it.
   * @throws EngineTrouble, also when the container does not run
   */
  run(command: readonly string[], limitMs: number, signal: AbortSignal): Promise<CommandResult>;
  /** Returns its state and the end of its log. */
  state(): Promise<CheckState>;
  /** Restarts it, which ends all that runs in it. */
  restart(signal: AbortSignal): Promise<void>;
  /** Removes it with its volumes. No error when it is gone already or is being removed. */
  remove(): Promise<void>;
}

/** A container of a validation that is left over. */
export interface LeftOver {
  labels: Labels;
  remove(): Promise<void>;
}

/** Where images are checked. All methods throw EngineTrouble when the engine does not do what it is asked for. */
export abstract class CheckRuntime {
  /** Returns the engine's own platform, e.g. `linux/amd64`. */
  abstract platform(): Promise<string>;

  /** Creates a container for the checks of an image, without starting it. */
  abstract createCheck(image: RuntimeImage, labels: Labels): Promise<CheckContainer>;

  /** Returns all containers with a label, stopped ones included. */
  abstract leftOver(label: string): Promise<LeftOver[]>;
}
