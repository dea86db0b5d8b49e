import { Inject, Injectable } from '@nestjs/common';
import { and, asc, desc, eq, getTableColumns, isNotNull, sql } from 'drizzle-orm';
import type { JsonObject } from '../../common/text/json.js';
import { DB, type Db, idList, isOneOf } from '../../infra/database/database.js';
import { type SubtaskResult, subtasks } from '../../infra/database/schema/schema.js';
import { offsetOf, type Page, type PageQuery } from '../../common/page.js';
import type { Listed } from '../tasks.repository.js';
import type { SubtaskRow } from './answer-turn.js';
import { placesOf, type TurnTree, type TurnVersion } from './turn-tree.js';
import { readTurnTree } from './turn-tree.sql.js';
import { withinMemory } from './within-memory.sql.js';

/** A subtask of a list; `version` is that of its turn, for questions. */
export type ListedSubtask = Listed<SubtaskRow> & { version: TurnVersion | null };

/** Answers have some MiB at most. */
const ROWS_AT_A_TIME = 8;

/** Reads what was said in tasks, along the paths of their turns. */
@Injectable()
export class ConversationPaths {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Returns the tree of a task's turns, of any user; an empty one when there is no such task. */
  tree(taskId: number): Promise<TurnTree> {
    return readTurnTree(this.db, taskId);
  }

  /** Returns the messages at some positions of a task, oldest first; answers long ago may be empty. */
  async messages(taskId: number, places: readonly number[]) {
    const wanted = sql`task_id = ${taskId} and ${isOneOf(subtasks.messageId, idList(places))}`;
    const isWhole = await withinMemory(this.db, sql`select id, message_id, result from subtasks where ${wanted}`);

    return this.db
      .select({
        messageId: subtasks.messageId,
        role: subtasks.role,
        prompt: subtasks.prompt,
        answer: sql<string>`coalesce(case when ${isWhole} then ${subtasks.result} ->> 'value' end, '')`,
      })
      .from(subtasks)
      .where(wanted)
      .orderBy(asc(subtasks.messageId));
  }

  /**
   * Returns a page of the subtasks on the path that is shown: page 1 holds the newest, each page is in the order of the
   * conversation. Results that make a page too large are left out, those of the oldest first; the newest one always stays.
   */
  async page(taskId: number, page: PageQuery): Promise<Page<ListedSubtask>> {
    const { result, ...columns } = getTableColumns(subtasks);
    const tree = await this.tree(taskId);
    const versions = new Map(tree.path.map((turn) => [turn.messages[0]?.id, tree.versionOf(turn)]));
    const path = tree.path.flatMap(({ messages }) => messages.map(({ id }) => id));
    const end = path.length - offsetOf(page);
    const isOnPage = isOneOf(subtasks.id, idList(path.slice(Math.max(0, end - page.limit), Math.max(0, end))));
    const isWhole = await withinMemory(
      this.db,
      sql`select id, message_id, result from subtasks where task_id = ${taskId} and ${isOnPage}`,
    );
    const items = await this.db
      .select({
        ...columns,
        result: sql<SubtaskResult | null>`case when ${isWhole} then ${result} end`,
        isOmitted: sql<boolean>`${result} is not null and not ${isWhole}`,
      })
      .from(subtasks)
      .where(isOnPage)
      .orderBy(asc(subtasks.messageId));

    return {
      total: path.length,
      items: items.map((row) => ({ ...row, version: (row.role === 'USER' && versions.get(row.id)) || null })),
    };
  }

  /**
   * Reads whole messages of a task in order, a few at a time: together they may be large.
   * @param which those of the path that is shown, or of all versions
   */
  async *rows(taskId: number, which: 'shown' | 'all'): AsyncGenerator<SubtaskRow> {
    const { path, turns } = await this.tree(taskId);
    const places = placesOf(which === 'shown' ? path : turns);
    for (let start = 0; start < places.length; start += ROWS_AT_A_TIME) {
      const some = idList(places.slice(start, start + ROWS_AT_A_TIME));
      yield* await this.db
        .select()
        .from(subtasks)
        .where(and(eq(subtasks.taskId, taskId), isOneOf(subtasks.messageId, some)))
        .orderBy(asc(subtasks.messageId));
    }
  }

  /**
   * Returns the inputs that the newest turn of a team with any gave to its apps: a conversation goes on with them.
   * @param parentId position of the message up to which the path counts; by default the path that is shown
   */
  async newestInputs(
    { userId, taskId, teamId }: { userId: number; taskId: number; teamId: number },
    parentId: number | undefined,
  ): Promise<JsonObject | null> {
    const tree = await this.tree(taskId);
    const places = placesOf(parentId === undefined ? tree.path : tree.pathTo(parentId));
    const mine = and(eq(subtasks.taskId, taskId), eq(subtasks.userId, userId), eq(subtasks.teamId, teamId));
    const [row] = await this.db
      .select({ inputs: subtasks.runInputs })
      .from(subtasks)
      .where(and(mine, isNotNull(subtasks.runInputs), isOneOf(subtasks.messageId, idList(places))))
      .orderBy(desc(subtasks.messageId))
      .limit(1);

    return row?.inputs ?? null;
  }
}
