import { Inject, Injectable } from '@nestjs/common';
import { and, count, desc, eq, inArray, isNull, notInArray, or, sql } from 'drizzle-orm';
import type { Owner } from '../common/owned.js';
import { DB, type Db } from '../infra/database/database.js';
import { bots, teams } from '../infra/database/schema/schema.js';

export type BotRow = typeof bots.$inferSelect;
export type NewBot = typeof bots.$inferInsert;

const active = eq(bots.isActive, true);

function visibleTo(userId: Owner) {
  return userId === null ? isNull(bots.userId) : or(eq(bots.userId, userId), isNull(bots.userId));
}

/** The bots table. An owner of null means the public bots. */
@Injectable()
export class BotsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Active own and public rows with these ids, in no order. */
  async visible(userId: Owner, ids: number[], db: Db = this.db): Promise<BotRow[]> {
    if (ids.length === 0) return [];

    return db
      .select()
      .from(bots)
      .where(and(inArray(bots.id, ids), active, visibleTo(userId)));
  }

  async page(userId: number, offset: number, limit: number): Promise<{ total: number; rows: BotRow[] }> {
    const where = and(active, visibleTo(userId));
    const [counted] = await this.db.select({ total: count() }).from(bots).where(where);
    const order = [isNull(bots.userId), desc(bots.id)];
    const rows = await this.db
      .select()
      .from(bots)
      .where(where)
      .orderBy(...order)
      .offset(offset)
      .limit(limit);

    return { total: counted?.total ?? 0, rows };
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

  /** @throws a unique violation when the owner has an active bot of that name */
  async insert(bot: NewBot, db: Db = this.db): Promise<BotRow> {
    const [row] = await db.insert(bots).values(bot).returning();
    if (!row) throw new Error('insert returned no row');

    return row;
  }

  async update(id: number, changes: Partial<NewBot>, db: Db = this.db): Promise<BotRow | null> {
    const values = { ...changes, updatedAt: new Date() };
    const [row] = await db.update(bots).set(values).where(eq(bots.id, id)).returning();

    return row ?? null;
  }

  /** All public rows, inactive ones too, oldest first. */
  allPublic(db: Db): Promise<BotRow[]> {
    return db.select().from(bots).where(isNull(bots.userId)).orderBy(bots.id);
  }

  async deactivatePublicExcept(ids: number[], db: Db): Promise<void> {
    const vanished = ids.length > 0 ? notInArray(bots.id, ids) : undefined;
    await db
      .update(bots)
      .set({ isActive: false, updatedAt: new Date() })
      .where(and(isNull(bots.userId), active, vanished));
  }
}
