import { Inject, Injectable } from '@nestjs/common';
import { DeadlineError, within } from '../common/async/within.js';
import { DATABASE } from '../infra/database/database.module.js';
import type { OpenDatabase } from '../infra/database/database.js';
import { Lifecycle } from '../infra/lifecycle.js';
import { RedisClients } from '../infra/redis/redis-clients.js';

const PATIENCE_MS = 2_000;

/** Checks the parts that the process needs. */
@Injectable()
export class HealthService {
  constructor(
    @Inject(DATABASE) private readonly database: OpenDatabase,
    private readonly redis: RedisClients,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** Returns the state of each part, and of the whole. */
  async ready(): Promise<{ status: 'ok' | 'degraded' | 'stopping'; parts: Record<string, string> }> {
    const [database, redis, queue] = await Promise.all([
      answer(this.database.ping()),
      answer(this.redis.commands.ping()),
      answer(this.redis.queues.ping()),
    ]);
    const parts = { database, redis, queue };
    if (this.lifecycle.stopping) return { status: 'stopping', parts };

    return { status: Object.values(parts).every((state) => state === 'ok') ? 'ok' : 'degraded', parts };
  }
}

async function answer(work: Promise<unknown>): Promise<string> {
  try {
    await within(PATIENCE_MS, 'does not answer', work);

    return 'ok';
  } catch (error) {
    return `down: ${publicReason(error as NodeJS.ErrnoException)}`;
  }
}

/** Returns a code or a known text only, because error messages may contain connection strings with passwords. */
function publicReason(error: NodeJS.ErrnoException): string {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException;

  return cause.code ?? (cause instanceof DeadlineError ? cause.message : 'not connected');
}
