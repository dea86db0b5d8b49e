import type { RawData, WebSocket } from 'ws';
import { asObject, asText, parseObject } from '../../../../common/text/json.js';
import { EngineTrouble } from '../../runtime-errors.js';

/** First byte of each message, by the protocol `v4.channel.k8s.io`. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3 } as const;
/** Small enough for every proxy on the way. */
const CHUNK_BYTES = 32 * 1024;
/** Shorter than the idle timeout of load balancers. Without an answer to one of these the connection counts as lost. */
const PING_MS = 30_000;
/** No status is longer. */
const MAX_STATUS_CHARS = 64 * 1024;

const CLOSED = 'The container does not accept work any more';

/** How a command in a container has ended. `failure`: it could not be run, in the words of the server. */
export type CommandEnd = { exitCode: number } | { failure: string };

/** A WebSocket to a container: what is written is its standard input, what comes is its output. It never throws. */
export class PodChannel {
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  private status = '';
  private hasAnswered = true;

  constructor(
    private readonly socket: WebSocket,
    private readonly onOutput: (part: Buffer) => void,
  ) {
    const timer = setInterval(() => this.ping(), PING_MS).unref();
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        clearInterval(timer);
        resolve();
      });
    });
    // A close follows.
    socket.on('error', () => undefined);
    socket.on('pong', () => (this.hasAnswered = true));
    socket.on('message', (data: RawData) => this.read(bytesOf(data)));
  }

  /** Writes to the standard input. @throws EngineTrouble when the connection has ended */
  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const lost = this.ended.then(() => {
      throw new EngineTrouble('engine_unavailable', CLOSED);
    });
    lost.catch(() => undefined);
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
      await Promise.race([this.writeChunk(bytes.subarray(from, from + CHUNK_BYTES)), lost]);
    }
  }

  /** How the command has ended; null when the connection was lost before. */
  get commandEnd(): CommandEnd | null {
    const status = parseObject(this.status);
    if (!status) return null;
    if (status.status === 'Success') return { exitCode: 0 };
    const causes = asObject(status.details)?.['causes'];
    const exit = (Array.isArray(causes) ? causes : []).map(asObject).find((cause) => cause?.['reason'] === 'ExitCode');
    const exitCode = Number(asText(exit?.['message']));

    return Number.isInteger(exitCode) ? { exitCode } : { failure: asText(status.message) ?? '' };
  }

  close(): void {
    this.socket.terminate();
  }

  private writeChunk(chunk: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(Buffer.concat([Buffer.of(CHANNEL.stdin), chunk]), (cause) => {
        if (cause) reject(new EngineTrouble('engine_unavailable', CLOSED, { cause }));
        else resolve();
      });
    });
  }

  private read(message: Buffer): void {
    const [channel] = message;
    if (channel === CHANNEL.stdout || channel === CHANNEL.stderr) this.onOutput(message.subarray(1));
    if (channel === CHANNEL.status && this.status.length < MAX_STATUS_CHARS) this.status += message.toString('utf8', 1);
  }

  private ping(): void {
    if (!this.hasAnswered) this.socket.terminate();
    this.hasAnswered = false;
    // Rejected while it is being opened or closed.
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
    else this.hasAnswered = true;
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);

  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
