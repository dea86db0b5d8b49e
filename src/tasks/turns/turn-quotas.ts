import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { AppError } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { RateLimits, secondsToWait } from '../../infra/rate-limit/rate-limits.js';
import { TurnsRepository } from './turns.repository.js';

const MIB = 1024 * 1024;
const HOUR_SECONDS = 3600;
/** How long a measure of what a user stores counts. A short time beyond the quota: deleted tasks shall count soon. */
const MEASURE_TTL_MS = { within: 10_000, beyond: 2_000 };

/** Limits what one user makes the database store. Without authentication there are no limits. */
@Injectable()
export class TurnQuotas {
  private readonly maxBytes: number;
  private readonly newTasks: RateLimiterAbstract | null;
  private readonly stored = new LRUCache<number, number>({ max: 10_000, ttl: MEASURE_TTL_MS.within });

  constructor(
    config: AppConfig,
    limits: RateLimits,
    private readonly turns: TurnsRepository,
  ) {
    const { storedMb, tasksPerHour } = config.quotas;
    const isOff = config.auth.mode === 'off';
    this.maxBytes = isOff ? 0 : storedMb * MIB;
    this.newTasks =
      isOff || tasksPerHour === 0
        ? null
        : limits.create({ name: 'tasks', points: tasksPerHour, seconds: HOUR_SECONDS });
  }

  /** Checks a turn before it is stored. @throws AppError storage_quota_exceeded, too_many_new_tasks */
  async check(userId: number, isNewTask: boolean): Promise<void> {
    if (this.maxBytes > 0) await this.checkStored(userId);
    if (!this.newTasks || !isNewTask) return;
    const retryAfter = await secondsToWait(this.newTasks.consume(userId));
    if (retryAfter === 0) return;
    const message = `You created ${this.newTasks.points} tasks within an hour: continue one of them, or try again later`;
    throw new AppError('too_many_new_tasks', message, { retryAfter });
  }

  private async checkStored(userId: number): Promise<void> {
    const stored = this.stored.get(userId) ?? (await this.measure(userId));
    if (stored < this.maxBytes) return;
    throw new AppError(
      'storage_quota_exceeded',
      `Your tasks store ${Math.round(stored / MIB)} MiB of prompts and results, and ${this.maxBytes / MIB} MiB are ` +
        'possible: delete tasks that you no longer need (DELETE /api/tasks/{id})',
    );
  }

  private async measure(userId: number): Promise<number> {
    const stored = await this.turns.storedBytes(userId);
    const ttl = stored < this.maxBytes ? MEASURE_TTL_MS.within : MEASURE_TTL_MS.beyond;
    this.stored.set(userId, stored, { ttl });

    return stored;
  }
}
