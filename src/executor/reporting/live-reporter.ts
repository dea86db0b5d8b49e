import { setTimeout as sleep } from 'node:timers/promises';
import { pollUntil } from '../../common/async/poll-until.js';
import type { Log } from '../log.js';
import { backoffMs } from './backoff.js';
import { EventBuffer, type Snapshot } from './event-buffer.js';
import type { ApiAnswer, ExecutorApi } from './executor-api.js';
import type { LiveEvent } from './live-event.js';

/** Events wait so long for others of the same call. */
const BATCH_MS = 100;
/** Without events. A cancel has to arrive within 2 s. */
const HEARTBEAT_MS = 1000;

/** What the API may say at any time. */
export interface LiveListener {
  onCancelling(): void;
  /** The work is of no use any more. */
  onLost(reason: string): void;
}

/** Sends the events of a subtask in batches, and heartbeats between them. Tries again while the API is away. */
export class LiveReporter {
  private readonly buffer: EventBuffer;
  private readonly stopped = new AbortController();
  private running: Promise<void> | null = null;
  private failures = 0;
  /** When the API has taken something last. */
  private takenAt = 0;

  constructor(
    private readonly api: Pick<ExecutorApi, 'sendEvents'>,
    private readonly listener: LiveListener,
    snapshot: Snapshot,
    private readonly log: Log,
  ) {
    this.buffer = new EventBuffer(snapshot);
  }

  start(): void {
    this.running ??= this.run();
  }

  add(event: LiveEvent): void {
    this.buffer.add(event);
  }

  /** Waits until all events have arrived, or the API has taken none for `patienceMs`. */
  async flush(patienceMs: number): Promise<void> {
    const start = Date.now();
    const isDone = () =>
      this.buffer.isEmpty || this.stopped.signal.aborted || Date.now() - Math.max(start, this.takenAt) >= patienceMs;
    await pollUntil(isDone, { everyMs: BATCH_MS / 4 });
  }

  /** Ends the heartbeats; events that have not arrived are given up. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    let sentAt = 0;
    while (!signal.aborted) {
      if (!this.buffer.isEmpty || Date.now() - sentAt >= HEARTBEAT_MS) {
        sentAt = Date.now();
        this.apply(await this.api.sendEvents(this.buffer.nextBatch(), signal));
      }
      await sleep(this.pauseMs(), undefined, { signal }).catch(() => undefined);
    }
  }

  private pauseMs(): number {
    if (this.failures > 0) return backoffMs(this.failures);

    return this.buffer.hasBacklog ? 0 : BATCH_MS;
  }

  private apply(answer: ApiAnswer): void {
    if (this.stopped.signal.aborted) return;
    if (answer.kind === 'unavailable') {
      if (this.failures === 0) this.log.line(`the API cannot be reached (${answer.reason}); trying again`);
      this.failures += 1;

      return;
    }
    if (this.failures > 0) this.log.line('the API can be reached again');
    this.failures = 0;
    if (answer.kind === 'ok') {
      this.takenAt = Date.now();
      this.buffer.settle(answer.last ?? this.lastSent);
      if (answer.cancelling) this.listener.onCancelling();
    } else if (answer.kind === 'gap') {
      this.buffer.settle(answer.last);
    } else if (answer.kind === 'lost') {
      this.stopped.abort();
      this.listener.onLost(answer.reason);
    } else {
      this.log.line(`events were refused (${answer.reason}): their content is part of the result only`);
      this.buffer.reject();
    }
  }

  private get lastSent(): number {
    const { first, events } = this.buffer.nextBatch();

    return first + events.length - 1;
  }
}
