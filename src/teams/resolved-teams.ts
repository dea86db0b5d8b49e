import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { LRUCache } from 'lru-cache';
import { CacheInvalidatedEvent } from '../common/domain-events.js';
import type { ResolvedBot } from '../bots/bot-resolver.js';
import { AppError } from '../common/app-error.js';

/** A member of a team with everything that a run needs. */
export interface ResolvedMember extends ResolvedBot {
  /** What this team adds to the bot's own prompt. */
  prompt: string;
  role: string;
}

export interface ResolvedTeam {
  id: number;
  name: string;
  mode: string;
  /** In the order of the team; at least one. */
  members: ResolvedMember[];
}

type Load = () => Promise<ResolvedTeam>;

/** A change in another process is announced; this covers an announcement that was lost. */
const TTL_MS = 5_000;
const MAX_ENTRIES = 1_000;

/**
 * Caches teams that are ready to run, so that a turn does not wait for four queries. Cleared at every change of a team,
 * bot, model or shell, in whichever process. Failures are not cached.
 */
@Injectable()
export class ResolvedTeams {
  private readonly teams = new LRUCache<string, ResolvedTeam, Load>({
    max: MAX_ENTRIES,
    ttl: TTL_MS,
    fetchMethod: (_key, _stale, { context: load }) => load(),
    // A query that a change overtook still answers its callers, but is not cached.
    ignoreFetchAbort: true,
  });

  /** Forgets all copies. */
  @OnEvent(CacheInvalidatedEvent.eventName)
  clear(): void {
    this.teams.clear();
  }

  /** Returns the cached team, or what `load` brings: once for all that ask at the same time. */
  get(key: string, load: Load): Promise<ResolvedTeam> {
    return this.teams.forceFetch(key, { context: load });
  }

  /** The same without waiting for the queries of others, which a transaction may block. */
  getWithin(key: string, load: Load): Promise<ResolvedTeam> {
    if (this.teams.get(key) === undefined) this.teams.delete(key);

    return this.get(key, load);
  }
}

/** Who answers for a team, in order: all bots of a pipeline, else its leader. */
export function answering(team: ResolvedTeam): readonly ResolvedMember[] {
  return team.mode === 'pipeline' && team.members.length > 0 ? team.members : [leaderOf(team)];
}

/** The bot that answers for a team: the leader, else the first. */
export function leaderOf(team: ResolvedTeam): ResolvedMember {
  const leader = team.members.find((member) => member.role === 'leader') ?? team.members[0];
  if (!leader) throw new AppError('conflict', `Team "${team.name}" has no bots`);

  return leader;
}
