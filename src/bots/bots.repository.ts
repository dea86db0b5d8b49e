import { Inject, Injectable } from '@nestjs/common';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { StoredServers } from './bot-servers.js';
import type { Owner } from '../common/owned.js';
import { DB, type Db } from '../infra/database/database.js';
import { OwnedRepository } from '../infra/database/owned-table.js';
import { bots, teams } from '../infra/database/schema/schema.js';

export type BotRow = typeof bots.$inferSelect;
export type NewBot = typeof bots.$inferInsert;
/** What lists of other things show of a bot. */
export type BotSummaryRow = Pick<BotRow, 'id' | 'userId' | 'name' | 'shellName' | 'modelName' | 'agentConfig'> & {
  /** Whether its configuration was left out. */
  isLarge: boolean;
};

/** The bots table. An owner of null means the public bots. */
@Injectable()
export class BotsRepository extends OwnedRepository<BotRow, NewBot> {
  constructor(@Inject(DB) db: Db) {
    super(db, bots, {
      agentConfig: sql`null`,
      systemPrompt: sql`''`,
      mcpServers: sql`'{}'::jsonb`,
      mcpServersSealed: sql`null`,
      skills: sql`'[]'::jsonb`,
    });
  }

  /** Active own and public rows with these ids, in no order. */
  async visible(userId: Owner, ids: number[], db: Db = this.db): Promise<BotRow[]> {
    if (ids.length === 0) return [];

    return db
      .select()
      .from(bots)
      .where(and(inArray(bots.id, ids), this.active, this.visibleTo(userId)));
  }

  /** The same without prompts and tools, which are large; `agentConfig` is null when it is longer than `maxConfig`. */
  async summaries(userId: Owner, ids: number[], maxConfig: number): Promise<BotSummaryRow[]> {
    if (ids.length === 0) return [];
    const { id, userId: owner, name, shellName, modelName, agentConfig } = bots;
    const isLarge = sql<boolean>`coalesce(length(${agentConfig}), 0) > ${maxConfig}`;
    const config = sql<string | null>`case when ${isLarge} then null else ${agentConfig} end`;

    return this.db
      .select({ ...{ id, userId: owner, name, shellName, modelName }, agentConfig: config, isLarge })
      .from(bots)
      .where(and(inArray(bots.id, ids), this.active, this.visibleTo(userId)));
  }

  /** Returns what an earlier version has stored of MCP servers, of inactive bots as well. */
  withServersInClear(): Promise<(StoredServers & { id: number })[]> {
    return this.db
      .select({ id: bots.id, mcpServers: bots.mcpServers, mcpServersSealed: bots.mcpServersSealed })
      .from(bots)
      .where(sql`${bots.mcpServers} <> '{}'::jsonb`);
  }

  /** Replaces the MCP servers of a bot, unless they have changed meanwhile. */
  async replaceServers({ id, mcpServers }: StoredServers & { id: number }, changes: StoredServers): Promise<void> {
    const unchanged = sql`${bots.mcpServers} = ${JSON.stringify(mcpServers)}::jsonb`;
    await this.db
      .update(bots)
      .set(changes)
      .where(and(eq(bots.id, id), unchanged));
  }

  /** Returns the names of the user's teams that a bot is a member of, oldest first. */
  async teamsUsing(userId: number, botId: number): Promise<string[]> {
    const member = JSON.stringify([{ bot_id: botId }]);
    const rows = await this.db
      .select({ name: teams.name })
      .from(teams)
      .where(and(eq(teams.userId, userId), eq(teams.isActive, true), sql`${teams.members} @> ${member}::jsonb`))
      .orderBy(teams.id);

    return rows.map(({ name }) => name);
  }
}
