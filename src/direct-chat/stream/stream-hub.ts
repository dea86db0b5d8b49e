import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { LiveStream } from './live-stream.js';
import { parseLiveMessage } from './stream-log.js';
import type { Snapshot } from './stream-text.js';

/** How long a new run may take to find a worker in this process before it is looked for elsewhere, if others may have it. */
const TAKE_MS = 10;
const TAKE_ALONE_MS = 200;
/** How often readers of a silent stream that runs elsewhere look into the log: covers a lost message. */
const RECHECK_MS = 5_000;

/** The streams that this process runs or reads. One subscription per stream that runs elsewhere, however many read it. */
@Injectable()
export class StreamHub implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(StreamHub.name);
  private readonly streams = new Map<number, LiveStream>();
  private readonly channels = new Map<string, { stream: LiveStream; ready: Promise<unknown> }>();
  private recheck: NodeJS.Timeout | undefined;
  private readonly takeMs: number;

  constructor(
    private readonly redis: RedisClients,
    config: AppConfig,
  ) {
    this.takeMs = config.isAlone ? TAKE_ALONE_MS : TAKE_MS;
  }

  onModuleInit(): void {
    this.redis.subscriber.on('message', (channel: string, message: string) => {
      const stream = this.channels.get(channel)?.stream;
      if (stream && !stream.local) stream.push(parseLiveMessage(message));
    });
    // What was published while the connection was away is lost: the log has it.
    this.redis.subscriber.on('ready', () => {
      for (const { stream } of this.channels.values()) stream.invalidateHead();
    });
    this.recheck = setInterval(() => {
      for (const { stream } of this.channels.values()) if (stream.wasSilent()) stream.invalidateHead();
    }, RECHECK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.recheck);
  }

  /** The stream as its run feeds it. Readers that are attached already stay attached. */
  openLocal(subtaskId: number, last: number, snapshot: () => Snapshot): LiveStream {
    const stream = this.streams.get(subtaskId) ?? this.create(subtaskId);
    stream.local = true;
    stream.snapshot = snapshot;
    stream.head = Math.max(stream.head, last);
    stream.confirm(last);
    this.unsubscribe(stream);
    stream.notify();

    return stream;
  }

  /** The run is over or lost its ownership; readers go on with the log and the live channel. */
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
    // A new run is mostly taken by this process within a millisecond or two: then there is nothing to subscribe to.
    if (isNew && !stream.local) await takenHere(stream, this.takeMs);
    if (!stream.local) await this.subscribe(stream);

    return stream;
  }

  release(stream: LiveStream): void {
    stream.readers -= 1;
    if (stream.readers > 0 || stream.local) return;
    this.unsubscribe(stream);
    this.streams.delete(stream.subtaskId);
  }

  /** Streams with readers that nobody runs in this process. */
  remoteIds(): number[] {
    return [...this.streams.values()].filter((stream) => !stream.local).map((stream) => stream.subtaskId);
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
      // The client subscribes again by itself when it is back; until then readers look into the log.
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
function takenHere(stream: LiveStream, withinMs: number): Promise<void> {
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
