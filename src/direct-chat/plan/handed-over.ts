import { Injectable } from '@nestjs/common';
import type { RunPlan } from './run-plan.js';

/** Whoever has not taken a run by then reads it from the database. */
const KEEP_MS = 5_000;

/** Plans of runs on their way through the queue, for the case that this process's own worker takes them. */
@Injectable()
export class HandedOver {
  private readonly plans = new Map<number, { plan: RunPlan; until: number }>();

  put(plan: RunPlan): void {
    const now = Date.now();
    for (const [subtaskId, { until }] of this.plans) {
      if (until > now) break;
      this.plans.delete(subtaskId);
    }
    this.plans.set(plan.subtaskId, { plan, until: now + KEEP_MS });
  }

  /** The plan that was handed over; null when there is none (any more). */
  take(subtaskId: number): RunPlan | null {
    const entry = this.plans.get(subtaskId);
    this.plans.delete(subtaskId);

    return entry && entry.until > Date.now() ? entry.plan : null;
  }
}
