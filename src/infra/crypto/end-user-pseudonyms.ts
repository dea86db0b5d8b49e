import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { createHmac } from 'node:crypto';
import { Secrets } from './secrets.js';

const LENGTH = 24;
/** Cached pseudonyms: creating one delays the first token by a tenth of a millisecond. */
const MAX_CACHED = 1000;

/** Creates pseudonyms of users for providers: stable, and not traceable to the user. */
@Injectable()
export class EndUserPseudonyms {
  private readonly key: string;
  private readonly pseudonyms = new LRUCache<number, string>({ max: MAX_CACHED, memoMethod: (id) => this.create(id) });

  /** Uses the oldest key, which stays when keys are rotated: another pseudonym would lose the user's conversations. */
  constructor({ encryptionKeys }: Secrets) {
    this.key = encryptionKeys.at(-1) ?? '';
  }

  /** Returns the pseudonym of a user. */
  of(userId: number): string {
    return this.pseudonyms.memo(userId);
  }

  private create(userId: number): string {
    const digest = createHmac('sha256', this.key).update(`end user ${userId}`).digest('hex');

    return `conch-${digest.slice(0, LENGTH)}`;
  }
}
