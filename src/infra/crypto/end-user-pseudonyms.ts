import { Injectable } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { Secrets } from './secrets.js';

const LENGTH = 24;
/** Names that are remembered: making one takes a tenth of a millisecond, before the first token. */
const MAX_REMEMBERED = 1000;

/** Names of our users for providers: stable, and of no use to find out who it is. */
@Injectable()
export class EndUserPseudonyms {
  private readonly key: string;
  private readonly names = new Map<number, string>();

  /** The oldest key, which stays when keys are rotated: another name would lose its conversations. */
  constructor({ encryptionKeys }: Secrets) {
    this.key = encryptionKeys.at(-1) ?? '';
  }

  of(userId: number): string {
    const known = this.names.get(userId);
    if (known !== undefined) return known;
    if (this.names.size >= MAX_REMEMBERED) this.names.clear();
    const name = this.make(userId);
    this.names.set(userId, name);

    return name;
  }

  private make(userId: number): string {
    const digest = createHmac('sha256', this.key).update(`end user ${userId}`).digest('hex');

    return `conch-${digest.slice(0, LENGTH)}`;
  }
}
