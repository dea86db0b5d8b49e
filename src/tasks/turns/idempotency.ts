import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { AppError } from '../../common/app-error.js';
import { isUniqueViolation } from '../../infra/database/database-errors.js';
import { TurnsService } from './turns.service.js';

const KEY_PATTERN = /^[\x21-\x7e]{1,128}$/;

/** Describes the header in Swagger. */
export const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description: '1 to 128 characters: the same key and body within 24 h attach to the same answer',
};

/** An Idempotency-Key, and a hash of the body that it came with. */
export interface Idempotency {
  key: string;
  hash: string;
}

/** The answer of a request. */
export interface StartedAnswer {
  taskId: number;
  subtaskId: number;
  /** False for an answer that an earlier request has started. */
  isNew: boolean;
  /** Whether executors give it, or one of its steps. */
  hasExecutors?: boolean;
}

/** Starts one answer for all requests with the same key and body. */
@Injectable()
export class IdempotentStarts {
  constructor(private readonly turns: TurnsService) {}

  /**
   * Starts an answer, or finds the one that an earlier request with this key has started.
   * @param start stores the key with the turn
   * @throws AppError idempotency_key_reused, bad_request for a malformed key, and what `start` throws
   */
  async once(
    userId: number,
    key: string | undefined,
    body: object,
    start: (idempotency: Idempotency | null) => Promise<StartedAnswer>,
  ): Promise<StartedAnswer> {
    if (key === undefined) return start(null);
    const idempotency = idempotencyOf(key, body);
    const known = await this.find(userId, idempotency);
    if (known) return known;
    try {
      return await start(idempotency);
    } catch (error) {
      // A concurrent request with the same key was first.
      const isLate = isUniqueViolation(error) || (error instanceof AppError && error.code === 'task_busy');
      const other = isLate ? await this.find(userId, idempotency) : null;
      if (!other) throw error;

      return other;
    }
  }

  private async find(userId: number, { key, hash }: Idempotency): Promise<StartedAnswer | null> {
    const known = await this.turns.findByIdempotencyKey(userId, key);
    if (known && known.hash !== hash) {
      throw new AppError(
        'idempotency_key_reused',
        'This Idempotency-Key was used with another body: use a new key for a new request',
      );
    }

    return known && { taskId: known.taskId, subtaskId: known.subtaskId, isNew: false };
  }
}

function idempotencyOf(key: string, body: object): Idempotency {
  if (!KEY_PATTERN.test(key))
    throw new AppError('bad_request', 'Idempotency-Key must have 1 to 128 visible ASCII characters');
  const entries = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));

  return { key, hash: createHash('sha256').update(JSON.stringify(entries)).digest('hex') };
}
