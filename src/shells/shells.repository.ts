import { Inject, Injectable } from '@nestjs/common';
import { and, asc, desc, eq, getTableColumns, inArray, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Owner } from '../common/owned.js';
import type { ShellState } from '../common/contracts/shell-types.js';
import { DB, type Db, hasRows } from '../infra/database/database.js';
import { OwnedRepository } from '../infra/database/owned-table.js';
import { imageValidations } from '../infra/database/schema/image-validations.schema.js';
import { bots, shells } from '../infra/database/schema/schema.js';

export type ShellRow = typeof shells.$inferSelect;
export type NewShell = typeof shells.$inferInsert;
/** Bytes of the reasons against an image that a list of shells contains; the validation itself has longer ones. */
const MAX_LISTED_REASONS = 4_096;
const { id, stage, progress, outcome, errors, errorMessage, digest, createdAt, completedAt } = imageValidations;
/** What shells show of a validation: not what its container has printed. */
const SUMMARY = {
  ...{ id, stage, progress, outcome, digest, createdAt, completedAt },
  errors: sql<
    string[]
  >`case when octet_length(${errors}::text) > ${MAX_LISTED_REASONS} then '[]'::jsonb else ${errors} end`.as('errors'),
  errorMessage: sql<string | null>`left(${errorMessage}, ${MAX_LISTED_REASONS})`.as('error_message'),
};
export type ValidationSummaryRow = Pick<typeof imageValidations.$inferSelect, keyof typeof SUMMARY>;
/** A shell with the newest validation of its image; null when there is none. */
export type ValidatedShell = ShellRow & { validation: ValidationSummaryRow | null };

/** What a verdict makes of the shells with the image. */
export interface Verdict {
  state: ShellState;
  reason: string | null;
}

/** The shells table. An owner of null means the public shells. */
@Injectable()
export class ShellsRepository extends OwnedRepository<ShellRow, NewShell> {
  constructor(@Inject(DB) db: Db) {
    super(db, shells, {});
  }

  /** Active own and public rows of the given names, in no order. */
  async visible(userId: Owner, names: string[], db: Db = this.db): Promise<ShellRow[]> {
    if (names.length === 0) return [];

    return db.select().from(shells).where(this.named(userId, names));
  }

  /** Active own and public rows with their newest validations, own ones first, by name. One query. */
  async validated(userId: number, names?: string[]): Promise<ValidatedShell[]> {
    const newest = this.db
      .select(SUMMARY)
      .from(imageValidations)
      .where(
        and(
          eq(imageValidations.userId, shells.userId),
          eq(imageValidations.image, shells.imageRef),
          eq(imageValidations.shellType, shells.shellType),
        ),
      )
      .orderBy(desc(imageValidations.createdAt))
      .limit(1)
      .as('newest');

    const rows = await this.db
      .select({ shell: getTableColumns(shells), validation: newest._.selectedFields })
      .from(shells)
      .leftJoinLateral(newest, sql`true`)
      .where(this.named(userId, names))
      .orderBy(isNull(shells.userId), asc(shells.name));

    return rows.map(({ shell, validation }) => ({ ...shell, validation }));
  }

  /** Active public shells of a type, oldest first. */
  async publicOfType(shellType: string): Promise<ShellRow[]> {
    return this.db
      .select()
      .from(shells)
      .where(and(isNull(shells.userId), this.active, eq(shells.shellType, shellType)))
      .orderBy(shells.id);
  }

  /**
   * Gives a user's shells with an image the state that is known of it.
   * @returns whether one was changed
   */
  async applyVerdict(userId: number, imageRef: string, shellType: string, verdict: Verdict, db: Db = this.db) {
    const { state, reason } = verdict;
    const changed = db
      .update(shells)
      .set({ state, stateReason: reason, updatedAt: new Date() })
      .where(
        and(
          ...[eq(shells.userId, userId), eq(shells.imageRef, imageRef), eq(shells.shellType, shellType), this.active],
          or(ne(shells.state, state), sql`${shells.stateReason} is distinct from ${reason}`),
          // Without a verdict the last one stands.
          state === 'Pending' ? eq(shells.state, 'Pending') : undefined,
        ),
      )
      .returning({ id: shells.id });

    return hasRows(changed);
  }

  /** Returns the names of the user's bots that run in a shell, oldest first. */
  async botsUsing(userId: number, shellName: string): Promise<string[]> {
    const rows = await this.db
      .select({ name: bots.name })
      .from(bots)
      .where(and(eq(bots.userId, userId), eq(bots.shellName, shellName), eq(bots.isActive, true)))
      .orderBy(bots.id);

    return rows.map(({ name }) => name);
  }

  private named(userId: Owner, names?: string[]): SQL | undefined {
    return and(this.visibleTo(userId), this.active, names && inArray(shells.name, names));
  }
}
