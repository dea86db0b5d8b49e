import { Injectable, type OnModuleInit } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisBus } from '../../infra/redis/redis.bus.js';
import { StreamLog } from '../stream/stream-log.js';

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
