import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { CacheInvalidatedEvent } from '../common/domain-events.js';
import type { ResolvedTeam } from './teams.service.js';

interface Copy {
  team: Promise<ResolvedTeam>;
  /** The same once it is there. */
  ready: ResolvedTeam | null;
  until: number;
}

/** A change in another process is announced; this covers an announcement that was lost. */
const MAX_AGE_MS = 5_000;
const MAX_ENTRIES = 1_000;

/**
 * Copies of teams that are ready to run, so that a turn does not wait for four queries. Forgotten at every change of
 * a team, bot, model or shell, wherever it is made.
 */
@Injectable()
export class ResolvedTeams {
  private readonly teams = new Map<string, Copy>();

  /** Forgets all copies. */
  @OnEvent(CacheInvalidatedEvent.eventName)
  clear(): void {
    this.teams.clear();
  }

  /** The copy under this key, or what `load` brings. */
  get(key: string, load: () => Promise<ResolvedTeam>): Promise<ResolvedTeam> {
    const known = this.teams.get(key);

    return known && known.until > Date.now() ? known.team : this.load(key, load);
  }

  /** The copy under this key if nobody has to wait for it. */
  ready(key: string): ResolvedTeam | null {
    const known = this.teams.get(key);

    return known && known.until > Date.now() ? known.ready : null;
  }

  /** Puts what `load` brings under this key. */
  load(key: string, load: () => Promise<ResolvedTeam>): Promise<ResolvedTeam> {
    const team = load();
    const copy: Copy = { team, ready: null, until: Date.now() + MAX_AGE_MS };
    if (this.teams.size >= MAX_ENTRIES) this.teams.clear();
    this.teams.set(key, copy);
    team.then(
      (ready) => (copy.ready = ready),
      // Failures are not kept.
      () => this.teams.get(key) === copy && this.teams.delete(key),
    );

    return team;
  }
}
