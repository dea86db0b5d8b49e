import { Inject, Injectable } from '@nestjs/common';
import { and, asc, eq, inArray, isNull, notInArray, or, type SQL, sql } from 'drizzle-orm';
import { offsetOf, type Page, type PageQuery } from '../common/page.js';
import { boundedRows, type LargeColumns, type Listed } from '../infra/database/bounded-rows.js';
import { DB, type Db } from '../infra/database/database.js';
import { models } from '../infra/database/schema/schema.js';

export type ModelRow = typeof models.$inferSelect;
export type NewModel = typeof models.$inferInsert;

const LARGE: LargeColumns<ModelRow> = { headers: sql`null`, parameters: sql`'{}'::jsonb` };
/** Own ones first, by name. */
const ORDER = [isNull(models.userId), asc(models.name)];

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

    return db
      .select()
      .from(models)
      .where(where)
      .orderBy(...ORDER);
  }

  /** Active own and public rows. */
  active(userId: number): Promise<Listed<ModelRow>[]> {
    const where = and(visibleTo(userId), eq(models.isActive, true));

    return boundedRows<ModelRow>(this.db, models, LARGE, { where, order: ORDER });
  }

  /** Own rows and active public ones. */
  async page(userId: number, query: PageQuery): Promise<Page<Listed<ModelRow>>> {
    const where = or(eq(models.userId, userId), and(isNull(models.userId), eq(models.isActive, true)));
    const wanted = { where, order: ORDER, limit: query.limit, offset: offsetOf(query) };

    return {
      total: await this.db.$count(models, where),
      items: await boundedRows<ModelRow>(this.db, models, LARGE, wanted),
    };
  }

  /** Returns how many rows a user has. */
  count(userId: number): Promise<number> {
    return this.db.$count(models, eq(models.userId, userId));
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
