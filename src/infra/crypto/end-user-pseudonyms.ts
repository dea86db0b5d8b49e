import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { createHmac } from 'node:crypto';
import { Secrets } from './secrets.js';

const LENGTH = 24;
/** Cached pseudonyms: making one takes a tenth of a millisecond, before the first token. */
const MAX_CACHED = 1000;

/** Pseudonyms of users for providers: stable, and of no use to find out who the user is. */
@Injectable()
export class EndUserPseudonyms {
  private readonly key: string;
  private readonly pseudonyms = new LRUCache<number, string>({ max: MAX_CACHED, memoMethod: (id) => this.make(id) });

  /** The oldest key, which stays when keys are rotated: another name would lose its conversations. */
  constructor({ encryptionKeys }: Secrets) {
    this.key = encryptionKeys.at(-1) ?? '';
  }

  /** Returns the pseudonym of a user. */
  of(userId: number): string {
    return this.pseudonyms.memo(userId);
  }

  private make(userId: number): string {
    const digest = createHmac('sha256', this.key).update(`end user ${userId}`).digest('hex');

    return `conch-${digest.slice(0, LENGTH)}`;
  }
}
