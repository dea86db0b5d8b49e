import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { CacheInvalidation } from '../../infra/cache/cache-invalidation.js';
import type { Db } from '../../infra/database/database.js';
import { ShellsRepository, type Verdict } from '../shells.repository.js';
import { ValidationCache } from './validation-cache.js';
import { type Ignored, reasonOf, type ValidationChange, type ValidationRow } from './validation-state.js';
import { ValidationsRepository } from './validations.repository.js';

const ended = new Counter({
  name: 'conch_image_validations_total',
  help: 'Ended validations of images by outcome',
  labelNames: ['outcome'],
});

/** Decides from the newest row what is to be changed; called with the row locked. */
export type Decision = (row: ValidationRow, now: Date) => ValidationChange | Ignored;

interface Changed {
  row: ValidationRow;
  ignored: Ignored | null;
  /** Whether the state of a shell was changed. */
  isApplied: boolean;
}

/** Changes validations: the row and the shells with its image in one transaction, then its readers are notified. */
@Injectable()
export class ValidationTransitions {
  private readonly log = new Logger(ValidationTransitions.name);

  constructor(
    private readonly repository: ValidationsRepository,
    private readonly shells: ShellsRepository,
    private readonly cache: ValidationCache,
    private readonly caches: CacheInvalidation,
  ) {}

  /** Applies a change. @returns why nothing was changed, or null; undefined when there is no such validation */
  async change(id: string, decide: Decision): Promise<Ignored | null | undefined> {
    const changed = await this.repository.transaction((tx) => this.apply(tx, id, decide));
    if (changed?.ignored === null) await this.publish(changed);

    return changed?.ignored;
  }

  /** Publishes a new validation: shells with its image wait for it. */
  async publishNew(row: ValidationRow): Promise<void> {
    const { userId, image, shellType } = row;
    const isApplied = await this.shells.applyVerdict(userId, image, shellType, { state: 'Pending', reason: null });
    this.log.log(`validation ${row.id}: ${image} for ${shellType}`);
    await this.publish({ row, isApplied });
  }

  private async apply(tx: Db, id: string, decide: Decision): Promise<Changed | undefined> {
    const row = await this.repository.lock(tx, id);
    if (!row) return undefined;
    const change = decide(row, new Date());
    if (typeof change === 'string') {
      if (row.outcome === null) await this.repository.touch(tx, id);

      return { row, ignored: change, isApplied: false };
    }
    const next = await this.repository.update(tx, row, change);
    const verdict = verdictOf(next);
    const { userId, image, shellType } = next;
    const isApplied = verdict !== null && (await this.shells.applyVerdict(userId, image, shellType, verdict, tx));

    return { row: next, ignored: null, isApplied };
  }

  private async publish({ row, isApplied }: Pick<Changed, 'row' | 'isApplied'>): Promise<void> {
    await this.cache.store(row);
    if (isApplied) await this.caches.invalidate();
    if (row.outcome === null) return;
    ended.inc({ outcome: row.outcome });
    this.log.log(
      `validation ${row.id}: ${row.image} is ${row.outcome}${row.outcome === 'valid' ? '' : `: ${reasonOf(row)}`}`,
    );
  }
}

/** What an ended validation makes of the shells with its image; null while it runs. */
function verdictOf(row: ValidationRow): Verdict | null {
  switch (row.outcome) {
    case null:
      return null;
    case 'valid':
      return { state: 'Available', reason: null };
    case 'invalid':
      return { state: 'Unavailable', reason: reasonOf(row) };
    case 'error':
    case 'cancelled':
      return { state: 'Pending', reason: row.errorMessage };
  }
}
