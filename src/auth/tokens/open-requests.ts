import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { FastifyReply } from 'fastify';
import { UserChangedEvent } from '../../common/contracts/domain-events.js';
import { logLine } from '../../infra/database/database-errors.js';
import { isCurrent, type TokenClaims } from './token-claims.js';
import type { UserRow } from '../users/users.repository.js';
import { UsersService } from '../users/users.service.js';

/** For messages that were lost. */
const SWEEP_MS = 30_000;

/**
 * Ends responses that go on after the session of their request was ended: event streams, foremost. A token that expires
 * meanwhile ends none: it was valid when the response began.
 */
@Injectable()
export class OpenRequests implements OnModuleDestroy {
  private readonly log = new Logger(OpenRequests.name);
  private readonly open = new Map<FastifyReply, TokenClaims>();
  private readonly sweeps = setInterval(() => void this.sweep(), SWEEP_MS).unref();

  constructor(private readonly users: UsersService) {}

  /** Ends the responses of a user whose tokens have ended. */
  @OnEvent(UserChangedEvent.eventName)
  async onUserChanged({ userName }: UserChangedEvent): Promise<void> {
    await this.recheck(userName, this.users.byName(userName));
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeps);
  }

  /** Watches a response until it is closed. */
  add(reply: FastifyReply, claims: TokenClaims): void {
    this.open.set(reply, claims);
    reply.raw.once('close', () => this.open.delete(reply));
  }

  private async sweep(): Promise<void> {
    const names = new Set([...this.open.values()].map(({ sub }) => sub));
    for (const name of names) await this.recheck(name, this.users.cachedByName(name));
  }

  /** Never throws. Responses that have not begun are short, or are found by the next sweep. */
  private async recheck(userName: string, stored: Promise<UserRow | null>): Promise<void> {
    try {
      const user = await stored;
      for (const [reply, claims] of this.open) {
        const isEnded = claims.sub === userName && !(user && isCurrent(claims, user));
        if (isEnded && reply.raw.headersSent) reply.raw.destroy();
      }
    } catch (error) {
      this.log.warn(`open streams of a user were not checked: ${logLine(error)}`);
    }
  }
}
