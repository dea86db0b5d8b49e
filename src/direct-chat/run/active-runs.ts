import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Gauge } from 'prom-client';
import type { StopReason } from '../../common/chat-provider.js';
import { RedisBus } from '../../infra/redis/redis.bus.js';

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
