import { Injectable, Logger } from '@nestjs/common';
import { logLine } from '../../infra/database/database-errors.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { toValidationDto } from './validation.dto.js';
import type { ValidationRow } from './validation-state.js';

const TTL_SECONDS = 300;
/** A copy counts for this long without a look at the row: one that could not be renewed does not mislead for longer. */
const FRESH_MS = 2_000;

/**
 * Puts a copy in the place of an older one, and wakes the readers.
 * KEYS copy. ARGV revision, JSON, ttl, channel.
 */
const PUT = `
local known = tonumber(redis.call('HGET', KEYS[1], 'revision') or 0)
if known > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'shown', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
if known < tonumber(ARGV[1]) then redis.call('PUBLISH', ARGV[4], '') end
return 1
`;

type Put = (key: string, ...args: (string | number)[]) => Promise<unknown>;

/** A validation as its owner may see it. */
export interface ShownValidation {
  userId: number;
  revision: number;
  isEnded: boolean;
  /** JSON of a ValidationDto. */
  json: string;
}

/** Copies of validations in Redis, for those who look often; the rows are the truth. Works without Redis, if slower. */
@Injectable()
export class ValidationCache {
  private readonly log = new Logger(ValidationCache.name);

  constructor(private readonly redis: RedisClients) {
    redis.commands.defineCommand('validationPut', { lua: PUT, numberOfKeys: 1 });
  }

  /** Never throws. */
  async put(row: ValidationRow): Promise<ShownValidation> {
    const shown = toShown(row);
    const put = (this.redis.commands as unknown as { validationPut: Put }).validationPut.bind(this.redis.commands);
    try {
      await put(keys.validation(row.id), row.revision, JSON.stringify(shown), TTL_SECONDS, keys.validationLive(row.id));
    } catch (error) {
      this.log.warn(`validation ${row.id} not told: ${logLine(error)}`);
    }

    return shown;
  }

  /** Null when there is none, or Redis is away. */
  async get(id: string): Promise<{ shown: ShownValidation; isFresh: boolean } | null> {
    const key = keys.validation(id);
    try {
      const [text, ttl] = await Promise.all([this.redis.commands.hget(key, 'shown'), this.redis.commands.pttl(key)]);
      if (text === null) return null;

      return { shown: JSON.parse(text) as ShownValidation, isFresh: ttl > TTL_SECONDS * 1000 - FRESH_MS };
    } catch {
      return null;
    }
  }
}

function toShown(row: ValidationRow): ShownValidation {
  const { userId, revision, outcome } = row;

  return { userId, revision, isEnded: outcome !== null, json: JSON.stringify(toValidationDto(row)) };
}
