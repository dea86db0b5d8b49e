import type { Duplex } from 'node:stream';
import type { ContainerSession } from '../container-runtime.js';
import { EngineTrouble } from '../runtime-errors.js';
import { TextRingBuffer } from '../text-ring-buffer.js';
import { Demultiplexer } from './command-output.js';

/** Kept of the beginning of the output, and of its end. */
const KEPT_BYTES = 8 * 1024;

/** A hijacked connection to a container: what is written is its standard input, what comes is its output in frames. */
export class DockerSession implements ContainerSession {
  readonly ended: Promise<void>;
  private readonly text = new TextRingBuffer(KEPT_BYTES);

  /** @param isNew whether it is the first connection; else an earlier one may have sent half a line */
  constructor(
    private readonly stream: Duplex,
    private isNew: boolean,
  ) {
    const frames = new Demultiplexer((part) => this.text.add(part));
    stream.on('data', (chunk: Buffer) => frames.write(chunk));
    this.ended = new Promise((resolve) => {
      for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve());
    });
    // The state of the container says what has happened.
    stream.on('error', () => undefined);
  }

  async send(line: string): Promise<void> {
    const text = this.isNew ? `${line}\n` : `\n${line}\n`;
    this.isNew = true;
    const written = new Promise<void>((resolve, reject) => {
      this.stream.write(text, (error) => (error ? reject(error) : resolve()));
    });
    const lost = this.ended.then(() => {
      throw new Error('the connection has ended');
    });
    try {
      await Promise.race([written, lost]);
    } catch (cause) {
      throw new EngineTrouble('engine_unavailable', 'The container does not accept work any more', { cause });
    }
  }

  output(): string {
    return this.text.toString().trim();
  }

  close(): void {
    this.stream.destroy();
  }
}
