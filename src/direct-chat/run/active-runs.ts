import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StopReason } from '../../common/contracts/chat-provider.js';
import { RedisBus } from '../../infra/redis/redis.bus.js';
import { StreamLog } from '../../answer-stream/log/stream-log.js';

/**
 * How a run has ended. `passed`: executors go on with the turn, or have done so. `suspendedUntil` (milliseconds since the epoch): an app waits for a person; another attempt resumes
 * the run then, or earlier when the person has answered.
 */
export type RunOutcome = 'ended' | 'passed' | 'handover' | { suspendedUntil: number };

const active = new Gauge({ name: 'conch_chat_runs_active', help: 'Answers that this process is producing' });

/** A run of this process, from before its first read of any state until all of its state is written. */
export class RunHandle {
  readonly controller = new AbortController();
  /** How the run has ended; rejects when the job is to be tried again. */
  ended: Promise<RunOutcome> = Promise.resolve('ended');
  reason: StopReason | null = null;
  /** Later steps of the pipeline that the run answers. */
  stepIds: readonly number[] = [];

  constructor(
    /** First subtask of the turn, which names run and stream. */
    readonly subtaskId: number,
    /** Position of the first answer that the run gives; 0 when it begins the turn. */
    readonly position = 0,
  ) {}

  /** Stops the run; the first reason counts. */
  stop(reason: StopReason): void {
    if (this.reason) return;
    this.reason = reason;
    this.controller.abort(reason);
  }
}

/** Registers the runs of this process. Other processes rely on Redis and the database, not on this registry. */
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
   * Runs an answer to its end, or joins the run that this process has already.
   * @param position of the first answer that the run gives; 0 when it begins the turn
   * @param work the whole run, registered while it lasts
   * @throws when the job is to be tried again
   */
  run(subtaskId: number, position: number, work: (handle: RunHandle) => Promise<RunOutcome>): Promise<RunOutcome> {
    return (this.runs.get(subtaskId) ?? this.start(new RunHandle(subtaskId, position), work)).ended;
  }

  private start(handle: RunHandle, work: (handle: RunHandle) => Promise<RunOutcome>): RunHandle {
    this.runs.set(handle.subtaskId, handle);
    active.set(this.runs.size);
    handle.ended = work(handle).finally(() => this.close(handle));

    return handle;
  }

  /** Registers a run for further steps of its pipeline. */
  addSteps(handle: RunHandle, subtaskIds: readonly number[]): void {
    for (const id of subtaskIds) this.steps.set(id, handle);
    handle.stepIds = subtaskIds;
  }

  /** Returns the run that answers a subtask, or another step of its turn. */
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
 * Asks the other processes whether one of them still owns a run whose job was recovered. A lock also expires while Redis
 * is unreachable; a second run would then be paid twice and restart every reader.
 */
@Injectable()
export class RunOwnershipCheck implements OnModuleInit {
  private readonly ownerSeenAt = new Map<number, number>();

  constructor(
    private readonly bus: RedisBus,
    private readonly log: StreamLog,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.on('held', ({ subtaskId }) => {
      if (this.ownerSeenAt.has(subtaskId)) this.ownerSeenAt.set(subtaskId, Date.now());
    });
  }

  /** Waits until no other process owns the run. @returns `ended` when its owner has ended it */
  async waitUntilFree(subtaskId: number): Promise<'free' | 'ended'> {
    this.ownerSeenAt.set(subtaskId, Date.now());
    try {
      while (Date.now() - (this.ownerSeenAt.get(subtaskId) ?? 0) < SILENCE_MS) {
        await this.bus.publish('claim', { subtaskId });
        await sleep(ASK_EVERY_MS);
        if ((await this.log.state(subtaskId))?.ended) return 'ended';
      }

      return 'free';
    } finally {
      this.ownerSeenAt.delete(subtaskId);
    }
  }
}
