import { Inject, Injectable } from '@nestjs/common';
import { and, asc, count, eq, inArray, isNull, notInArray, or, type SQL } from 'drizzle-orm';
import { DB, type Db } from '../infra/database/database.js';
import { models } from '../infra/database/schema/schema.js';

export type ModelRow = typeof models.$inferSelect;
export type NewModel = typeof models.$inferInsert;

/** The models table. An owner of null means the public models. */
@Injectable()
export class ModelsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Own and public rows of the given names (all names when left out), own ones first. */
  async visible(
    userId: number | null,
    filter: { names?: string[]; activeOnly: boolean },
    db: Db = this.db,
  ): Promise<ModelRow[]> {
    const { names, activeOnly } = filter;
    if (names?.length === 0) return [];
    const named = names && inArray(models.name, names);
    const where = and(visibleTo(userId), named, activeOnly ? eq(models.isActive, true) : undefined);

    return db.select().from(models).where(where).orderBy(isNull(models.userId), asc(models.name));
  }

  async page(userId: number, offset: number, limit: number): Promise<{ total: number; rows: ModelRow[] }> {
    const where = or(eq(models.userId, userId), and(isNull(models.userId), eq(models.isActive, true)));
    const [counted] = await this.db.select({ total: count() }).from(models).where(where);
    const order = [isNull(models.userId), asc(models.name)];
    const rows = await this.db
      .select()
      .from(models)
      .where(where)
      .orderBy(...order)
      .offset(offset)
      .limit(limit);

    return { total: counted?.total ?? 0, rows };
  }

  /** @throws a unique violation when the owner has a model of that name */
  async insert(model: NewModel, db: Db = this.db): Promise<ModelRow> {
    const [row] = await db.insert(models).values(model).returning();
    if (!row) throw new Error('insert returned no row');

    return row;
  }

  async update(id: number, changes: Partial<NewModel>, db: Db = this.db): Promise<ModelRow | null> {
    const values = { ...changes, updatedAt: new Date() };
    const [row] = await db.update(models).set(values).where(eq(models.id, id)).returning();

    return row ?? null;
  }

  async delete(id: number): Promise<void> {
    await this.db.delete(models).where(eq(models.id, id));
  }

  /** All public rows, inactive ones too. */
  allPublic(db: Db): Promise<ModelRow[]> {
    return db.select().from(models).where(isNull(models.userId));
  }

  async deactivatePublicExcept(names: string[], db: Db): Promise<void> {
    const vanished = names.length > 0 ? notInArray(models.name, names) : undefined;
    await db
      .update(models)
      .set({ isActive: false, updatedAt: new Date() })
      .where(and(isNull(models.userId), eq(models.isActive, true), vanished));
  }
}

function visibleTo(userId: number | null): SQL | undefined {
  return userId === null ? isNull(models.userId) : or(eq(models.userId, userId), isNull(models.userId));
}
