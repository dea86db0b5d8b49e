import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AppError } from '../../common/app-error.js';
import { keys } from './keys.js';
import { RedisClients } from './redis-clients.js';

const MAX_IN_PROCESS = 100_000;

/** Remembers the signatures of requests while they could be sent again: each counts once. */
export abstract class UsedSignatures {
  /** @returns false when the signature was used before @throws AppError service_unavailable */
  abstract use(signature: string, seconds: number): Promise<boolean>;
}

/** Signatures that any process of the installation has seen. */
@Injectable()
export class SharedSignatures extends UsedSignatures {
  constructor(private readonly redis: RedisClients) {
    super();
  }

  async use(signature: string, seconds: number): Promise<boolean> {
    const stored = this.redis.commands.set(keys.usedSignature(signature), '1', 'EX', seconds, 'NX');
    const reply = await stored.catch((cause: unknown) => {
      throw new AppError('service_unavailable', 'Signatures cannot be checked now: try again', { cause });
    });

    return reply === 'OK';
  }
}

/** Signatures that this process has seen, for a program without Redis. */
@Injectable()
export class ProcessSignatures extends UsedSignatures {
  private readonly used = new LRUCache<string, true>({ max: MAX_IN_PROCESS });

  use(signature: string, seconds: number): Promise<boolean> {
    const isNew = !this.used.has(signature);
    if (isNew) this.used.set(signature, true, { ttl: seconds * 1000 });

    return Promise.resolve(isNew);
  }
}
