import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { LRUCache } from 'lru-cache';
import { CacheInvalidatedEvent } from '../common/contracts/domain-events.js';
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

/** Milliseconds. Covers lost messages about changes in other processes. */
const TTL_MS = 5_000;
const MAX_ENTRIES = 1_000;

/**
 * Caches teams that are ready to run, so that a turn does not wait for four queries. Cleared at each change of a team, bot,
 * model or shell in any process. Failures are not cached.
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

  /** Clears the cache. */
  @OnEvent(CacheInvalidatedEvent.eventName)
  clear(): void {
    this.teams.clear();
  }

  /** Returns the cached team, or loads it: once for all concurrent callers. */
  get(key: string, load: Load): Promise<ResolvedTeam> {
    return this.teams.forceFetch(key, { context: load });
  }

  /** The same without sharing a concurrent load, which could block a transaction. */
  getWithin(key: string, load: Load): Promise<ResolvedTeam> {
    if (this.teams.get(key) === undefined) this.teams.delete(key);

    return this.get(key, load);
  }
}

/** The bots that answer for a team, in order: all of a pipeline, else the leader. */
export function answering(team: ResolvedTeam): readonly ResolvedMember[] {
  return team.mode === 'pipeline' && team.members.length > 0 ? team.members : [leaderOf(team)];
}

/** The bot that answers for a team: the leader, else the first. */
export function leaderOf(team: ResolvedTeam): ResolvedMember {
  const leader = team.members.find((member) => member.role === 'leader') ?? team.members[0];
  if (!leader) throw new AppError('conflict', `Team "${team.name}" has no bots`);

  return leader;
}
