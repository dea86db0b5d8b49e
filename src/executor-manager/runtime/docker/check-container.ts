import type { Container } from 'dockerode';
import { addAbortSignal, type Readable } from 'node:stream';
import { type CheckContainer, type CheckState, type CommandResult, KEPT_BYTES, MAX_BYTES } from '../check-runtime.js';
import { TextRingBuffer } from '../text-ring-buffer.js';
import { Demultiplexer } from './command-output.js';
import { engineCall, engineFailure, engineStatus } from './engine-errors.js';

const LOG_LINES = 50;

/** A container that runs an image's checks. Its failures are EngineTrouble. */
export class DockerCheckContainer implements CheckContainer {
  constructor(private readonly container: Container) {}

  async start(): Promise<string[]> {
    await engineCall(this.container.start());

    return [];
  }

  async run(command: readonly string[], limitMs: number, signal: AbortSignal): Promise<CommandResult> {
    const exec = await engineCall(this.container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true }));
    const stream = await engineCall(exec.start({}));
    const text = new TextRingBuffer(KEPT_BYTES);
    const ended = await read(stream, text, limitMs, signal);
    if (ended !== 'exited') return { ended, exitCode: null, output: text.toString() };
    const { ExitCode } = await engineCall(exec.inspect());

    return { ended, exitCode: ExitCode, output: text.toString() };
  }

  async state(): Promise<CheckState> {
    const { State } = await engineCall(this.container.inspect());
    const log = new TextRingBuffer(KEPT_BYTES);
    const demultiplexer = new Demultiplexer((part) => log.add(part));
    demultiplexer.write(await engineCall(this.container.logs({ stdout: true, stderr: true, tail: LOG_LINES })));

    return {
      ...{ isRunning: State.Running, exitCode: State.ExitCode, isOutOfMemory: State.OOMKilled },
      log: log.toString().trim(),
    };
  }

  async restart(): Promise<void> {
    await engineCall(this.container.restart({ t: 0 }));
  }

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
