import { Inject, Injectable } from '@nestjs/common';
import { and, asc, eq, inArray, isNull, notInArray, or } from 'drizzle-orm';
import type { Owner } from '../common/owned.js';
import { DB, type Db } from '../infra/database/database.js';
import { shells } from '../infra/database/schema.js';

export type ShellRow = typeof shells.$inferSelect;
export type NewShell = typeof shells.$inferInsert;

/** The shells table. An owner of null means the public shells. */
@Injectable()
export class ShellsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Active own and public rows of the given names (all names when left out), own ones first. */
  async visible(userId: Owner, names?: string[], db: Db = this.db): Promise<ShellRow[]> {
    if (names?.length === 0) return [];
    const owned = userId === null ? isNull(shells.userId) : or(eq(shells.userId, userId), isNull(shells.userId));
    const where = and(owned, eq(shells.isActive, true), names && inArray(shells.name, names));

    return db.select().from(shells).where(where).orderBy(isNull(shells.userId), asc(shells.name));
  }

  /** All public rows, inactive ones too. */
  allPublic(db: Db): Promise<ShellRow[]> {
    return db.select().from(shells).where(isNull(shells.userId));
  }

  async insert(shell: NewShell, db: Db = this.db): Promise<void> {
    await db.insert(shells).values(shell);
  }

  async update(id: number, changes: Partial<NewShell>, db: Db = this.db): Promise<void> {
    await db
      .update(shells)
      .set({ ...changes, updatedAt: new Date() })
      .where(eq(shells.id, id));
  }

  async deactivatePublicExcept(names: string[], db: Db): Promise<void> {
    const vanished = names.length > 0 ? notInArray(shells.name, names) : undefined;
    await db
      .update(shells)
      .set({ isActive: false, updatedAt: new Date() })
      .where(and(isNull(shells.userId), eq(shells.isActive, true), vanished));
  }
}
