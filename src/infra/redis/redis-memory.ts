import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RedisClients } from './redis-clients.js';

/** Beyond this part of `maxmemory` no new work begins; the rest is for what runs. */
const NEARLY_FULL = 0.85;
const CHECK_TTL_MS = 500;

/** Watches how much of Redis' `maxmemory` is used. */
@Injectable()
export class RedisMemory {
  private readonly checks = new LRUCache<string, boolean>({
    max: 1,
    ttl: CHECK_TTL_MS,
    fetchMethod: () => this.check(),
  });

  constructor(private readonly redis: RedisClients) {}

  /** Whether little memory is left: what runs needs it. False without a limit, and for a cluster, whose nodes differ. */
  async isNearlyFull(): Promise<boolean> {
    return (await this.checks.fetch('memory')) ?? false;
  }

  private async check(): Promise<boolean> {
    if (this.redis.isCluster) return false;
    const info = await this.redis.commands.info('memory').catch(() => '');
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    const max = field('maxmemory');

    return max > 0 && field('used_memory') > max * NEARLY_FULL;
  }
}

/** Whether Redis refused a write because its `maxmemory` is reached (`noeviction`). */
export function isRedisFull(error: unknown): boolean {
  return error instanceof Error && /(^|\W)OOM command not allowed/.test(error.message);
}
