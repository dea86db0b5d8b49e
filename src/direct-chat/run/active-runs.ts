import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StopReason } from '../../common/chat-provider.js';
import { RedisBus } from '../../infra/redis/redis.bus.js';
import { StreamLog } from '../stream/stream-log.js';

/**
 * How a run has ended. `suspendedUntil` (milliseconds since the epoch): an app waits for a person; another attempt goes on
 * then, or earlier when the person has answered.
 */
export type RunOutcome = 'ended' | 'handover' | { suspendedUntil: number };

const active = new Gauge({ name: 'conch_chat_runs_active', help: 'Answers that this process is producing' });

/** A run of this process, from before its first read of any state until everything about it is written. */
export class RunHandle {
  readonly controller = new AbortController();
  /** How the run has ended; rejects when another attempt may mend what went wrong. */
  ended: Promise<RunOutcome> = Promise.resolve('ended');
  reason: StopReason | null = null;
  /** Steps of a pipeline that the run answers besides the one it is named by. */
  stepIds: readonly number[] = [];

  constructor(readonly subtaskId: number) {}

  /** Stops the run; the first reason counts. */
  stop(reason: StopReason): void {
    if (this.reason) return;
    this.reason = reason;
    this.controller.abort(reason);
  }
}

/** The runs of this process. Other processes rely on Redis and the database, not on this list. */
@Injectable()
export class ActiveRuns implements OnModuleInit {
  private readonly log = new Logger(ActiveRuns.name);
  private readonly runs = new Map<number, RunHandle>();
  /** Runs of pipelines by all their steps. */
  private readonly steps = new Map<number, RunHandle>();

  constructor(private readonly bus: RedisBus) {}

  async onModuleInit(): Promise<void> {
    await this.bus.on('cancel', ({ subtaskId, at }) => this.get(subtaskId)?.stop({ kind: 'cancel', at }));
    await this.bus.on('claim', ({ subtaskId }) => {
      if (!this.runs.has(subtaskId)) return;
      this.bus
        .publish('held', { subtaskId })
        .catch((error: unknown) => this.log.warn(`claim: ${(error as Error).message}`));
    });
  }

  /**
   * Runs an answer until its end; a run that this process has already is joined.
   * @param work all of the run: while it lasts, the run is found here
   * @throws what another attempt of the job may mend
   */
  run(subtaskId: number, work: (handle: RunHandle) => Promise<RunOutcome>): Promise<RunOutcome> {
    return (this.runs.get(subtaskId) ?? this.start(subtaskId, work)).ended;
  }

  private start(subtaskId: number, work: (handle: RunHandle) => Promise<RunOutcome>): RunHandle {
    const handle = new RunHandle(subtaskId);
    this.runs.set(subtaskId, handle);
    active.set(this.runs.size);
    handle.ended = work(handle).finally(() => this.close(handle));

    return handle;
  }

  /** Makes a run known by the steps of its pipeline, too. */
  addSteps(handle: RunHandle, subtaskIds: readonly number[]): void {
    for (const id of subtaskIds) this.steps.set(id, handle);
    handle.stepIds = subtaskIds;
  }

  /** The run that answers a subtask, or any other step of its turn. */
  get(subtaskId: number): RunHandle | undefined {
    return this.runs.get(subtaskId) ?? this.steps.get(subtaskId);
  }

  all(): RunHandle[] {
    return [...this.runs.values()];
  }

  private close(handle: RunHandle): void {
    this.runs.delete(handle.subtaskId);
    for (const id of handle.stepIds) this.steps.delete(id);
    active.set(this.runs.size);
  }
}

const ASK_EVERY_MS = 400;
/** A live owner answers within milliseconds; after a Redis restart it needs up to a second to come back. */
const SILENCE_MS = 1_600;

/**
 * Finds out whether a run whose job was handed over is really without a worker. A lock also runs out when Redis was
 * away for a while; generating again would then be paid twice and make every reader start over.
 */
@Injectable()
export class RunOwnershipCheck implements OnModuleInit {
  private readonly heldAt = new Map<number, number>();

  constructor(
    private readonly bus: RedisBus,
    private readonly log: StreamLog,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.on('held', ({ subtaskId }) => {
      if (this.heldAt.has(subtaskId)) this.heldAt.set(subtaskId, Date.now());
    });
  }

  /** Resolves once no other process runs the subtask. @returns `ended` when its owner has brought it to its end */
  async waitUntilFree(subtaskId: number): Promise<'free' | 'ended'> {
    this.heldAt.set(subtaskId, Date.now());
    try {
      while (Date.now() - (this.heldAt.get(subtaskId) ?? 0) < SILENCE_MS) {
        await this.bus.publish('claim', { subtaskId });
        await sleep(ASK_EVERY_MS);
        if ((await this.log.state(subtaskId))?.ended) return 'ended';
      }

      return 'free';
    } finally {
      this.heldAt.delete(subtaskId);
    }
  }
}
