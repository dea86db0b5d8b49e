import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { LiveStream } from './live-stream.js';
import { parseLiveMessage } from '../log/stream-log.js';
import type { Snapshot } from '../log/stream-text.js';

/** How long a new run may take to start in this process before its stream is subscribed to; longer without other processes. */
const LOCAL_START_MS = 10;
const LOCAL_START_ALONE_MS = 200;
/** How often readers of a silent remote stream read the log: covers a lost message. */
const RECHECK_MS = 5_000;

/** What a run of this process feeds into its stream. */
interface LocalRun {
  /** Identifies its log. */
  born: string;
  /** Newest event of the log. */
  last: number;
  snapshot: () => Snapshot;
}

/** The streams that this process runs or reads, with one subscription per remote stream. */
@Injectable()
export class StreamHub implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(StreamHub.name);
  private readonly streams = new Map<number, LiveStream>();
  private readonly channels = new Map<string, { stream: LiveStream; ready: Promise<unknown> }>();
  private recheck: NodeJS.Timeout | undefined;
  private readonly localStartMs: number;

  constructor(
    private readonly redis: RedisClients,
    config: AppConfig,
  ) {
    this.localStartMs = config.isAlone ? LOCAL_START_ALONE_MS : LOCAL_START_MS;
  }

  onModuleInit(): void {
    this.redis.subscriber.on('message', (channel: string, message: string) => {
      const stream = this.channels.get(channel)?.stream;
      if (!stream || stream.local) return;
      const batch = parseLiveMessage(message);
      stream.enterLog(batch.born);
      stream.push(batch);
    });
    // What was published while the connection was away is lost: the log has it, or Redis has lost the log.
    this.redis.subscriber.on('ready', () => {
      for (const { stream } of this.channels.values()) stream.recheck();
    });
    this.recheck = setInterval(() => {
      for (const { stream } of this.channels.values()) if (stream.wasSilent()) stream.invalidateHead();
    }, RECHECK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.recheck);
  }

  /** Returns the stream for its run to feed. Attached readers stay attached. */
  openLocal(subtaskId: number, { born, last, snapshot }: LocalRun): LiveStream {
    const stream = this.streams.get(subtaskId) ?? this.create(subtaskId);
    stream.enterLog(born);
    stream.local = true;
    stream.snapshot = snapshot;
    stream.head = Math.max(stream.head, last);
    stream.confirm(last);
    this.unsubscribe(stream);
    stream.notify();

    return stream;
  }

  /** Ends the feed of a run: readers continue with the log and the live channel. */
  closeLocal(stream: LiveStream): void {
    stream.local = false;
    stream.snapshot = null;
    if (stream.readers === 0) this.streams.delete(stream.subtaskId);
    // What was published before the subscription stood is in the log.
    else void this.subscribe(stream).then(() => stream.invalidateHead());
  }

  /**
   * Attaches a reader. Subscribes before anything is read, so that nothing falls between log and channel.
   * @param isNew the run was queued just now
   */
  async acquire(subtaskId: number, isNew: boolean): Promise<LiveStream> {
    const stream = this.streams.get(subtaskId) ?? this.create(subtaskId);
    stream.readers += 1;
    // Most new runs start in this process within two milliseconds, and need no subscription.
    if (isNew && !stream.local) await untilLocal(stream, this.localStartMs);
    if (!stream.local) await this.subscribe(stream);

    return stream;
  }

  release(stream: LiveStream): void {
    stream.readers -= 1;
    if (stream.readers > 0 || stream.local) return;
    this.unsubscribe(stream);
    this.streams.delete(stream.subtaskId);
  }

  /** Returns the streams with readers that run in no or another process. */
  remoteIds(): number[] {
    return [...this.streams.values()].filter((stream) => !stream.local).map((stream) => stream.subtaskId);
  }

  /** Whether a stream is read in this process. */
  isRead(subtaskId: number): boolean {
    return (this.streams.get(subtaskId)?.readers ?? 0) > 0;
  }

  get size(): number {
    return this.streams.size;
  }

  private create(subtaskId: number): LiveStream {
    const stream = new LiveStream(subtaskId);
    this.streams.set(subtaskId, stream);

    return stream;
  }

  private async subscribe(stream: LiveStream): Promise<void> {
    const channel = keys.live(stream.subtaskId);
    const known = this.channels.get(channel);
    const ready = known?.stream === stream ? known.ready : this.redis.subscriber.subscribe(channel);
    this.channels.set(channel, { stream, ready });
    try {
      await ready;
    } catch (error) {
      // The client subscribes again after a reconnect; until then readers read the log.
      this.log.warn(`cannot subscribe to stream ${stream.subtaskId}: ${(error as Error).message}`);
    }
  }

  private unsubscribe(stream: LiveStream): void {
    const channel = keys.live(stream.subtaskId);
    if (!this.channels.delete(channel)) return;
    this.redis.subscriber.unsubscribe(channel).catch(() => undefined);
  }
}

/** Resolves when the stream is local, or after a moment. */
function untilLocal(stream: LiveStream, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stream.removeListener(listener);
      resolve();
    };
    const listener = { changed: done };
    const timer = setTimeout(done, withinMs);
    stream.addListener(listener);
  });
}
