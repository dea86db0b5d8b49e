import type { ContainerSession } from '../../container-runtime.js';
import { TextRingBuffer } from '../../text-ring-buffer.js';
import type { PodChannel } from './pod-channel.js';

/** Kept of the beginning of the output, and of its end. */
const KEPT_BYTES = 8 * 1024;

/** The standard input and output of the container of a pod. */
export class PodSession implements ContainerSession {
  private constructor(
    private readonly channel: PodChannel,
    private readonly text: TextRingBuffer,
    private isNew: boolean,
  ) {}

  /**
   * @param connect opens the connection
   * @param isNew whether it is the first connection; else an earlier one may have sent half a line
   */
  static async open(
    connect: (onOutput: (part: Buffer) => void) => Promise<PodChannel>,
    isNew: boolean,
  ): Promise<PodSession> {
    const text = new TextRingBuffer(KEPT_BYTES);

    return new PodSession(await connect((part) => text.add(part)), text, isNew);
  }

  get ended(): Promise<void> {
    return this.channel.ended;
  }

  async send(line: string): Promise<void> {
    const text = this.isNew ? `${line}\n` : `\n${line}\n`;
    this.isNew = true;
    await this.channel.write(text);
  }

  output(): string {
    return this.text.toString().trim();
  }

  close(): void {
    this.channel.close();
  }
}

/** In place of the input of a container that ended before it was opened: as a pipe, it accepts what is not read any more. */
export const ENDED_SESSION: ContainerSession = {
  ended: Promise.resolve(),
  send: () => Promise.resolve(),
  output: () => '',
  close: () => undefined,
};
