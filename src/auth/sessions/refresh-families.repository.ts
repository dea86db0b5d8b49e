import { Inject, Injectable } from '@nestjs/common';
import { and, desc, eq, lt, notInArray, or, sql } from 'drizzle-orm';
import { DB, type Db, firstRow } from '../../infra/database/database.js';
import { refreshFamilies } from '../../infra/database/schema/refresh-families.schema.js';

/** Sessions of one user; beyond, the one that was used longest ago ends. */
const MAX_PER_USER = 100;

/** The newest refresh token of a session. */
export interface NewestToken {
  generation: number;
  /** Since it was first given out. */
  ageSeconds: number;
}

/** The table of sessions that can be refreshed. Times are those of the database: replicas have different clocks. */
@Injectable()
export class RefreshFamiliesRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /**
   * Adds a session, and deletes those of its user that have expired or are too many.
   * @param ttlSeconds after which a session that is not refreshed has expired
   */
  async insert(id: string, userId: number, ttlSeconds: number): Promise<void> {
    await this.db.insert(refreshFamilies).values({ id, userId });
    const newest = this.db
      .select({ id: refreshFamilies.id })
      .from(refreshFamilies)
      .where(eq(refreshFamilies.userId, userId))
      // Those of scripts that log in again each time do not displace a browser's.
      .orderBy(desc(sql`${refreshFamilies.generation} > 0`), desc(refreshFamilies.rotatedAt))
      .limit(MAX_PER_USER);
    const isExpired = lt(refreshFamilies.rotatedAt, sql`now() - make_interval(secs => ${ttlSeconds})`);
    const isLeftOver = or(isExpired, notInArray(refreshFamilies.id, newest));
    await this.db.delete(refreshFamilies).where(and(eq(refreshFamilies.userId, userId), isLeftOver));
  }

  /** Replaces the token of a generation by the next one. @returns false when another one is the newest */
  async rotate(id: string, generation: number): Promise<boolean> {
    const row = await firstRow(
      this.db
        .update(refreshFamilies)
        .set({ generation: generation + 1, rotatedAt: sql`now()` })
        .where(and(eq(refreshFamilies.id, id), eq(refreshFamilies.generation, generation)))
        .returning({ id: refreshFamilies.id }),
    );

    return row !== null;
  }

  /** @returns null when the session has ended */
  newest(id: string): Promise<NewestToken | null> {
    const ageSeconds = sql<number>`extract(epoch from now() - ${refreshFamilies.rotatedAt})`.mapWith(Number);
    const { generation } = refreshFamilies;

    return firstRow(this.db.select({ generation, ageSeconds }).from(refreshFamilies).where(eq(refreshFamilies.id, id)));
  }

  async delete(id: string): Promise<void> {
    await this.db.delete(refreshFamilies).where(eq(refreshFamilies.id, id));
  }
}
