import { AppError } from '../../common/app-error.js';

const STALLED_MS = 60_000;

export interface WatchOptions {
  maxBytes: number;
  /** Aborts when the sender has disconnected. */
  gone: AbortSignal;
  stalledMs?: number;
}

/** The content of an upload. Fails when it is too large or stalls, or when the sender has disconnected. */
export class UploadWatch implements AsyncIterable<Buffer> {
  /** For the call that forwards the file. */
  readonly signal: AbortSignal;
  private readonly timer: NodeJS.Timeout;
  private bytes = 0;
  private isSent = false;

  constructor(
    private readonly content: AsyncIterable<Buffer>,
    private readonly options: WatchOptions,
  ) {
    const stalled = new AbortController();
    const { gone, stalledMs = STALLED_MS } = options;
    this.signal = AbortSignal.any([gone, stalled.signal]);
    this.timer = setTimeout(() => stalled.abort(this.stall(stalledMs / 1000)), stalledMs);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const chunk of this.content) {
      this.bytes += chunk.length;
      if (this.bytes > this.options.maxBytes) throw tooBig(this.options.maxBytes);
      this.timer.refresh();
      yield chunk;
    }
    this.isSent = true;
  }

  /** Stops the timer. */
  end(): void {
    clearTimeout(this.timer);
  }

  private stall(seconds: number): AppError {
    return this.isSent
      ? new AppError('provider_timeout', `Dify did not take the file within ${seconds} s`, { retryable: true })
      : new AppError('bad_request', `The upload has not moved for ${seconds} s`);
  }
}

export function tooBig(maxBytes: number): AppError {
  return new AppError(
    'payload_too_large',
    `The file is too large: this app takes at most ${maxBytes} bytes of its type`,
  );
}
