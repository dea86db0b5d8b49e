import type { Container } from 'dockerode';
import { addAbortSignal, type Readable } from 'node:stream';
import { Demultiplexer, TextRingBuffer } from './command-output.js';
import { engineCall, engineFailure, engineStatus } from './engine-errors.js';

/** Kept of the beginning of a command's output, and of its end. */
const KEPT_BYTES = 32 * 1024;
/** A command that prints more is stopped: the engine has to carry all of it. */
const MAX_BYTES = 8 * 1024 * 1024;
const LOG_LINES = 50;

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
export interface ContainerState {
  isRunning: boolean;
  exitCode: number;
  isOutOfMemory: boolean;
  /** What its first process printed. */
  log: string;
}

/** A container that runs an image's checks. Its failures are EngineTrouble. */
export class CheckContainer {
  constructor(private readonly container: Container) {}

  /** Starts its shell, which waits for commands. */
  async start(): Promise<void> {
    await engineCall(this.container.start());
  }

  /**
   * Runs a command in it.
   * @throws EngineTrouble, also when the container does not run
   */
  async run(command: readonly string[], limitMs: number, signal: AbortSignal): Promise<CommandResult> {
    const exec = await engineCall(this.container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true }));
    const stream = await engineCall(exec.start({}));
    const text = new TextRingBuffer(KEPT_BYTES);
    const ended = await read(stream, text, limitMs, signal);
    if (ended !== 'exited') return { ended, exitCode: null, output: text.toString() };
    const { ExitCode } = await engineCall(exec.inspect());

    return { ended, exitCode: ExitCode, output: text.toString() };
  }

  /** Returns its state and the end of its log. */
  async state(): Promise<ContainerState> {
    const { State } = await engineCall(this.container.inspect());
    const log = new TextRingBuffer(KEPT_BYTES);
    const demultiplexer = new Demultiplexer((part) => log.add(part));
    demultiplexer.write(await engineCall(this.container.logs({ stdout: true, stderr: true, tail: LOG_LINES })));

    return {
      ...{ isRunning: State.Running, exitCode: State.ExitCode, isOutOfMemory: State.OOMKilled },
      log: log.toString().trim(),
    };
  }

  /** Restarts it, which ends all that runs in it. */
  async restart(): Promise<void> {
    await engineCall(this.container.restart({ t: 0 }));
  }

  /** Removes it with its volumes. No error when it is gone already or is being removed. */
  async remove(): Promise<void> {
    await engineCall(
      this.container.remove({ force: true, v: true }).catch((error: unknown) => {
        if (![404, 409].includes(engineStatus(error) ?? 0)) throw error;
      }),
    );
  }
}

async function read(
  stream: Readable,
  text: TextRingBuffer,
  limitMs: number,
  signal: AbortSignal,
): Promise<CommandResult['ended']> {
  const limit = AbortSignal.timeout(limitMs);
  addAbortSignal(AbortSignal.any([signal, limit]), stream);
  const demultiplexer = new Demultiplexer((part) => text.add(part));
  try {
    for await (const chunk of stream) {
      demultiplexer.write(chunk as Buffer);
      // Leaving the loop closes the stream.
      if (text.bytes > MAX_BYTES) return 'loud';
    }

    return 'exited';
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return 'slow';
    throw engineFailure(error);
  }
}
