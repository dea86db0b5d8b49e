import { Inject, Injectable } from '@nestjs/common';
import { type SQL, sql } from 'drizzle-orm';
import { offsetOf, type PageQuery } from '../../common/page.js';
import { searchKey } from '../../common/text/prompt.js';
import { DB, type Db, idList, isOneOf, rowsOf } from '../../infra/database/database.js';
import type { TaskStatus } from '../../infra/database/schema/schema.js';
import { BEFORE_HIT, SHOWN_LENGTH, type SizedText } from './search-texts.js';

/** Which conversations of a user are listed. */
export interface ConversationFilter {
  userId: number;
  status: TaskStatus | undefined;
  teamId: number | undefined;
}

export interface ConversationRow {
  id: number;
  title: string;
  status: TaskStatus;
  taskType: 'chat' | 'code';
  teamId: number;
  modelId: string | null;
  updatedAt: Date;
  createdAt: Date;
  turnCount: number;
  isWaiting: boolean | null;
  /** The beginning of the newest text; a whole question when it may begin with inputs. */
  text: string | null;
}

/** A text in which a search has found something. */
export interface Hit {
  taskId: number;
  snippet: string;
  /** Whether the text begins before the snippet, and ends after it. */
  isCutBefore: boolean;
  isCutAfter: boolean;
}

const MAX_TITLE = 500;
/** Characters that a preview is cut from: line breaks and blanks become one. */
const PREVIEW_SOURCE = 4 * SHOWN_LENGTH;
const SNIPPET_LENGTH = BEFORE_HIT + SHOWN_LENGTH;

const NEWEST_FIRST = sql`t.updated_at desc, t.id desc`;
/** What was said: the text of a question, or of an answer. */
const TEXT = sql`case when s.role = 'USER' then s.prompt else s.result->>'value' end`;

/** Conversations in the database, as lists and searches need them. */
@Injectable()
export class ConversationsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Returns how many conversations there are. */
  async count(filter: ConversationFilter): Promise<number> {
    const [row] = await rowsOf<{ count: number }>(
      this.db,
      sql`select count(*)::int as count from tasks t where ${matches(filter)}`,
    );

    return row?.count ?? 0;
  }

  /** Returns a page, newest activity first. */
  page(filter: ConversationFilter, page: PageQuery): Promise<ConversationRow[]> {
    return this.rows(sql`select t.* from tasks t where ${matches(filter)}
      order by ${NEWEST_FIRST} limit ${page.limit} offset ${offsetOf(page)}`);
  }

  /** Returns conversations of a user by their ids, newest activity first. */
  byIds(userId: number, ids: readonly number[]): Promise<ConversationRow[]> {
    return this.rows(sql`select t.* from tasks t
      where ${isOneOf(sql`t.id`, idList(ids))} and t.user_id = ${userId} and t.status <> 'DELETE'`);
  }

  private async rows(page: SQL): Promise<ConversationRow[]> {
    const rows = await rowsOf<ConversationRow>(
      this.db,
      sql`select t.id, left(t.title, ${MAX_TITLE}) as title, t.status, t.task_type as "taskType", t.team_id as "teamId",
        coalesce(newest.run_model, t.model_id) as "modelId", t.updated_at as "updatedAt", t.created_at as "createdAt",
        coalesce(counted.turns, 0)::int as "turnCount", newest.waits as "isWaiting",
        case when said.text like '%[EXTERNAL_API_PARAMS]%' then said.text else left(said.text, ${PREVIEW_SOURCE}) end as text
      from (${page}) t
      left join lateral (
        select s.run_model, s.status in ('PENDING', 'RUNNING') and s.upstream_run->>'pausedAt' is not null as waits
        from subtasks s where s.task_id = t.id and s.role = 'ASSISTANT'
        order by s.status in ('PENDING', 'RUNNING') desc, s.message_id desc limit 1
      ) newest on true
      left join lateral (
        select count(*) as turns from subtasks s where s.task_id = t.id and s.role = 'USER'
      ) counted on true
      left join lateral (
        select ${TEXT} as text from subtasks s where s.task_id = t.id and coalesce(${TEXT}, '') <> ''
        order by s.message_id desc limit 1
      ) said on true
      order by ${NEWEST_FIRST}`,
    );

    return rows.map((row) => ({ ...row, updatedAt: new Date(row.updatedAt), createdAt: new Date(row.createdAt) }));
  }

  /** Returns the newest conversations, and whether the title of each holds the search text. */
  candidates(filter: ConversationFilter, search: string, limit: number): Promise<{ id: number; isTitle: boolean }[]> {
    return rowsOf(
      this.db,
      sql`select t.id, strpos(t.title_key, ${searchKey(search)}) > 0 as "isTitle"
        from tasks t where ${matches(filter)} order by ${NEWEST_FIRST} limit ${limit}`,
    );
  }

  /** Returns the texts of conversations and their stored sizes, newest conversation and message first; reads none of them. */
  texts(taskIds: readonly number[], limit: number): Promise<SizedText[]> {
    return rowsOf(
      this.db,
      sql`select s.id, (pg_column_size(s.prompt) + coalesce(pg_column_size(s.result), 0))::int as bytes
        from subtasks s join tasks t on t.id = s.task_id
        where ${isOneOf(sql`s.task_id`, idList(taskIds))}
        order by ${NEWEST_FIRST}, s.message_id desc limit ${limit}`,
    );
  }

  /**
   * Returns the newest hit of each conversation among some texts.
   * @param spellings what to look for, see `spellingsOf`: wildcards do not exist here
   */
  hits(subtaskIds: readonly number[], spellings: readonly string[]): Promise<Hit[]> {
    const found = sql.join(
      spellings.map((spelling) => sql`nullif(strpos(low, ${spelling}), 0)`),
      sql`, `,
    );

    return rowsOf(
      this.db,
      sql`select distinct on ("taskId") "taskId", substr(text, greatest(place - ${BEFORE_HIT}, 1), ${SNIPPET_LENGTH}) as snippet,
        place > ${BEFORE_HIT + 1} as "isCutBefore",
        length(text) >= greatest(place - ${BEFORE_HIT}, 1) + ${SNIPPET_LENGTH} as "isCutAfter"
      from (
        select *, least(${found}) as place from (
          select s.task_id as "taskId", s.message_id, ${TEXT} as text, lower(${TEXT}) as low
          from subtasks s where ${isOneOf(sql`s.id`, idList(subtaskIds))} offset 0
        ) texts
      ) placed
      where place is not null
      order by "taskId", message_id desc`,
    );
  }
}

function matches({ userId, status, teamId }: ConversationFilter): SQL {
  return sql.join(
    [
      sql`t.user_id = ${userId} and t.status <> 'DELETE'`,
      ...(status === undefined ? [] : [sql`t.status = ${status}`]),
      ...(teamId === undefined ? [] : [sql`t.team_id = ${teamId}`]),
    ],
    sql` and `,
  );
}
