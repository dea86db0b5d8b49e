import { Inject, Injectable } from '@nestjs/common';
import { and, count, desc, eq, isNull, notInArray, or } from 'drizzle-orm';
import { DB, type Db } from '../infra/database/database.js';
import { teams } from '../infra/database/schema/schema.js';

export type TeamRow = typeof teams.$inferSelect;
export type NewTeam = typeof teams.$inferInsert;

const active = eq(teams.isActive, true);
const visibleTo = (userId: number) => or(eq(teams.userId, userId), isNull(teams.userId));

/** The teams table. An owner of null means the public teams. */
@Injectable()
export class TeamsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  async byId(userId: number, id: number, db: Db = this.db): Promise<TeamRow | null> {
    const [row] = await db
      .select()
      .from(teams)
      .where(and(eq(teams.id, id), active, visibleTo(userId)));

    return row ?? null;
  }

  /** The user's own team of that name, else the public one. */
  async byName(userId: number, namespace: string, name: string): Promise<TeamRow | null> {
    const [row] = await this.db
      .select()
      .from(teams)
      .where(and(eq(teams.name, name), eq(teams.namespace, namespace), active, visibleTo(userId)))
      .orderBy(isNull(teams.userId))
      .limit(1);

    return row ?? null;
  }

  async page(userId: number, offset: number, limit: number): Promise<{ total: number; rows: TeamRow[] }> {
    const where = and(active, visibleTo(userId));
    const [counted] = await this.db.select({ total: count() }).from(teams).where(where);
    const order = [isNull(teams.userId), desc(teams.id)];
    const rows = await this.db
      .select()
      .from(teams)
      .where(where)
      .orderBy(...order)
      .offset(offset)
      .limit(limit);

    return { total: counted?.total ?? 0, rows };
  }

  /** @throws a unique violation when the owner has an active team of that name */
  async insert(team: NewTeam, db: Db = this.db): Promise<TeamRow> {
    const [row] = await db.insert(teams).values(team).returning();
    if (!row) throw new Error('insert returned no row');

    return row;
  }

  async update(id: number, changes: Partial<NewTeam>, db: Db = this.db): Promise<TeamRow | null> {
    const values = { ...changes, updatedAt: new Date() };
    const [row] = await db.update(teams).set(values).where(eq(teams.id, id)).returning();

    return row ?? null;
  }

  /** All public rows, inactive ones too, oldest first. */
  allPublic(db: Db): Promise<TeamRow[]> {
    return db.select().from(teams).where(isNull(teams.userId)).orderBy(teams.id);
  }

  async deactivatePublicExcept(ids: number[], db: Db): Promise<void> {
    const vanished = ids.length > 0 ? notInArray(teams.id, ids) : undefined;
    await db
      .update(teams)
      .set({ isActive: false, updatedAt: new Date() })
      .where(and(isNull(teams.userId), active, vanished));
  }
}
