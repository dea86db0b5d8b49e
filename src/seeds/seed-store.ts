import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'drizzle-orm';
import { BotsService } from '../bots/bots.service.js';
import { DB, type Db } from '../infra/database/database.js';
import { ModelsService } from '../models/models.service.js';
import { ShellsService } from '../shells/shells.service.js';
import { type TeamSeed, TeamsService } from '../teams/teams.service.js';
import type { SeedSet } from './seed-set.js';

/** Advisory lock (any constant): replicas that start together load one after the other. */
const SEEDS_LOCK = 7_305_002;

/** Stores seeds as the public shells, models, bots and teams: all or nothing. */
@Injectable()
export class SeedStore {
  constructor(
    @Inject(DB) private readonly db: Db,
    private readonly shells: ShellsService,
    private readonly models: ModelsService,
    private readonly bots: BotsService,
    private readonly teams: TeamsService,
  ) {}

  /** Replaces the public rows. Rows that are not in the set become inactive; the others keep their ids. */
  async replace(set: SeedSet): Promise<void> {
    await this.db.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(${SEEDS_LOCK})`);
      await this.shells.replacePublic(set.shells, transaction);
      await this.models.replacePublic(set.models, transaction);
      const botIds = await this.bots.replacePublic(set.bots, transaction);
      await this.teams.replacePublic(
        set.teams.map((team) => toTeamSeed(team, botIds)),
        transaction,
      );
    });
  }
}

function toTeamSeed(team: SeedSet['teams'][number], botIds: ReadonlyMap<string, number>): TeamSeed {
  const members = team.members.map(({ bot, prompt, role }) => {
    const id = botIds.get(bot);
    if (id === undefined) throw new Error(`the bot ${bot} of team ${team.name} was not stored`);

    return { bot_id: id, bot_prompt: prompt, role };
  });

  return { ...team, members };
}
