import { Injectable, Logger } from '@nestjs/common';
import { notFound } from '../../common/app-error.js';
import { isDatabaseDown, logLine } from '../../infra/database/database-errors.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { toValidationDto } from './validation.dto.js';
import type { ValidationRow } from './validation-state.js';
import { ValidationsRepository } from './validations.repository.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const TTL_SECONDS = 300;
/** For how long a copy counts without reading the row: a copy that could not be renewed is not served for longer. */
const FRESH_MS = 2_000;

/**
 * Replaces an older copy, and notifies the readers.
 * KEYS copy. ARGV revision, JSON, ttl, channel.
 */
const STORE = `
local known = tonumber(redis.call('HGET', KEYS[1], 'revision') or 0)
if known > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'shown', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
if known < tonumber(ARGV[1]) then redis.call('PUBLISH', ARGV[4], '') end
return 1
`;

type StoreScript = (key: string, ...args: (string | number)[]) => Promise<unknown>;

/** A validation as its owner may see it. */
export interface ShownValidation {
  userId: number;
  revision: number;
  isEnded: boolean;
  /** JSON of a ValidationDto. */
  json: string;
}

/** Whether a text of a path can be the id of a validation. */
export const isValidationId = (text: string): boolean => UUID.test(text);

/** Reads the states of validations: from a copy in Redis while it is fresh, else from the row. Works without Redis, if slower. */
@Injectable()
export class ValidationCache {
  private readonly log = new Logger(ValidationCache.name);

  constructor(
    private readonly redis: RedisClients,
    private readonly repository: ValidationsRepository,
  ) {
    redis.commands.defineCommand('storeValidation', { lua: STORE, numberOfKeys: 1 });
  }

  /** Returns a validation of the user. @throws AppError not_found, also when it belongs to another user */
  async require(userId: number, id: string): Promise<ShownValidation> {
    const shown = isValidationId(id) ? await this.find(id) : null;
    if (shown?.userId !== userId) throw notFound('Validation');

    return shown;
  }

  /** Returns a validation; null when there is none. @throws when neither Redis nor the database has it */
  async find(id: string): Promise<ShownValidation | null> {
    const copy = await this.get(id);
    if (copy?.isFresh) return copy.shown;
    try {
      const row = await this.repository.find(id);

      return row && (await this.store(row));
    } catch (error) {
      if (copy && isDatabaseDown(error)) return copy.shown;
      throw error;
    }
  }

  /** Stores the copy of a row and notifies the readers of its live events. Never throws. */
  async store(row: ValidationRow): Promise<ShownValidation> {
    const shown = toShown(row);
    const store = (this.redis.commands as unknown as { storeValidation: StoreScript }).storeValidation.bind(
      this.redis.commands,
    );
    try {
      await store(
        keys.validation(row.id),
        row.revision,
        JSON.stringify(shown),
        TTL_SECONDS,
        keys.validationLive(row.id),
      );
    } catch (error) {
      this.log.warn(`validation ${row.id} not told: ${logLine(error)}`);
    }

    return shown;
  }

  /** Returns the copy; null when there is none, or Redis is away. */
  private async get(id: string): Promise<{ shown: ShownValidation; isFresh: boolean } | null> {
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
