import { Injectable } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { Secrets } from './secrets.js';

const LENGTH = 24;

/** Names of our users for providers: stable, and of no use to find out who it is. */
@Injectable()
export class EndUserNames {
  private readonly key: string;

  /** The oldest key, which stays when keys are rotated: another name would lose its conversations. */
  constructor({ encryptionKeys }: Secrets) {
    this.key = encryptionKeys.at(-1) ?? '';
  }

  of(userId: number): string {
    const digest = createHmac('sha256', this.key).update(`end user ${userId}`).digest('hex');

    return `conch-${digest.slice(0, LENGTH)}`;
  }
}
