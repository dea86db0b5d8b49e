import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'drizzle-orm';
import { DB, type Db, rowsOf } from '../../infra/database/database.js';
import type { Answer } from '../../tasks/turns/turns.service.js';

/** The order in which subtasks are offered to executors. */
@Injectable()
export class DispatchOrderRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Place among those on offer in its lane, 1 = next; null when it is not on offer. */
  async placeOf({ id, lane, fairRank }: Answer['subtask']): Promise<number | null> {
    if (lane === null || fairRank === null) return null;
    const [row] = await rowsOf<{ before: number }>(
      this.db,
      sql`select count(*)::int as before from subtasks
        where status = 'PENDING' and fair_rank is not null and lane = ${lane} and (fair_rank, id) < (${fairRank}, ${id})`,
    );

    return (row?.before ?? 0) + 1;
  }
}
