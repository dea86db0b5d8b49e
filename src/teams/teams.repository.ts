import { Inject, Injectable } from '@nestjs/common';
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { DB, type Db, firstRow } from '../infra/database/database.js';
import { OwnedRepository } from '../infra/database/owned-table.js';
import { teams } from '../infra/database/schema/schema.js';

export type TeamRow = typeof teams.$inferSelect;
export type NewTeam = typeof teams.$inferInsert;

const WITHOUT_PROMPTS = sql`(
  select coalesce(jsonb_agg(member || '{"bot_prompt": ""}'), '[]') from jsonb_array_elements(${teams.members}) member
)`;

/** The teams table. An owner of null means the public teams. */
@Injectable()
export class TeamsRepository extends OwnedRepository<TeamRow, NewTeam> {
  constructor(@Inject(DB) db: Db) {
    super(db, teams, { members: WITHOUT_PROMPTS });
  }

  byId(userId: number, id: number, db: Db = this.db): Promise<TeamRow | null> {
    const where = and(eq(teams.id, id), this.active, this.visibleTo(userId));

    return firstRow(db.select().from(teams).where(where));
  }

  /** Returns teams by their ids for any owner, deleted ones included. */
  named(ids: readonly number[]): Promise<Pick<TeamRow, 'id' | 'name' | 'members'>[]> {
    return this.db
      .select({ id: teams.id, name: teams.name, members: teams.members })
      .from(teams)
      .where(inArray(teams.id, [...ids]));
  }

  /** The user's own team of that name, else the public one. */
  byName(userId: number, namespace: string, name: string): Promise<TeamRow | null> {
    const where = and(eq(teams.name, name), eq(teams.namespace, namespace), this.active, this.visibleTo(userId));

    return firstRow(this.db.select().from(teams).where(where).orderBy(isNull(teams.userId)).limit(1));
  }
}
