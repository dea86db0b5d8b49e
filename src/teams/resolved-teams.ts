import { Injectable } from '@nestjs/common';
import { CatalogChanges } from '../infra/catalog/catalog-changes.js';
import type { ResolvedTeam } from './teams.service.js';

/** A change in another process is announced; this covers an announcement that was lost. */
const MAX_AGE_MS = 5_000;
const MAX_ENTRIES = 1_000;

/**
 * Copies of teams that are ready to run, so that a turn does not wait for four queries. Forgotten at every change of
 * a team, bot, model or shell, wherever it is made.
 */
@Injectable()
export class ResolvedTeams {
  private readonly teams = new Map<string, { team: Promise<ResolvedTeam>; until: number }>();

  constructor(changes: CatalogChanges) {
    changes.onChange(() => this.teams.clear());
  }

  /** The copy under this key, or what `load` brings. */
  get(key: string, load: () => Promise<ResolvedTeam>): Promise<ResolvedTeam> {
    const known = this.teams.get(key);
    if (known && known.until > Date.now()) return known.team;
    const team = load();
    if (this.teams.size >= MAX_ENTRIES) this.teams.clear();
    this.teams.set(key, { team, until: Date.now() + MAX_AGE_MS });
    // Failures are not kept.
    team.catch(() => this.teams.get(key)?.team === team && this.teams.delete(key));

    return team;
  }
}
