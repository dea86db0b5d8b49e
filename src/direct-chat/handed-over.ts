import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { StopReason } from '../common/chat-provider.js';
import type { EarlyAnswer } from './early-answer.js';
import type { RunPlan } from './run-plan.js';

/** A run that the worker of this process need not read from the database. */
export interface HandedOverRun {
  plan: RunPlan;
  /** Set when its provider was asked already. */
  early: EarlyAnswer | null;
}

/** Whoever has not taken a run by then has it from the database. */
const KEEP_MS = 5_000;

/** Runs on their way through the queue, for the case that this process's own worker takes them. */
@Injectable()
export class HandedOver implements OnModuleDestroy {
  private readonly runs = new Map<number, HandedOverRun & { timer: NodeJS.Timeout }>();

  get size(): number {
    return this.runs.size;
  }

  onModuleDestroy(): void {
    for (const subtaskId of this.runs.keys()) this.drop(subtaskId);
  }

  put(run: HandedOverRun): void {
    const { subtaskId } = run.plan;
    const timer = setTimeout(() => this.drop(subtaskId), KEEP_MS).unref();
    this.runs.set(subtaskId, { ...run, timer });
  }

  /** The run that was handed over; null when there is none (any more). */
  take(subtaskId: number): HandedOverRun | null {
    const run = this.runs.get(subtaskId) ?? null;
    clearTimeout(run?.timer);
    this.runs.delete(subtaskId);

    return run;
  }

  /** The run will not be taken from here. */
  drop(subtaskId: number): void {
    this.take(subtaskId)?.early?.drop({ kind: 'fenced' } satisfies StopReason);
  }
}
