import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { EnumField, IntField, TextField } from '../../common/fields.js';
import { PageQuery } from '../../common/page.js';
import { TASK_STATUSES, type TaskStatus } from '../../infra/database/schema/schema.js';
import { RefusesUnknownFields } from '../../infra/http/server/validation.pipe.js';

/** Of tasks that lists show: deleted ones are in none. */
const LISTED_STATUSES = TASK_STATUSES.filter((status) => status !== 'DELETE');

@RefusesUnknownFields()
export class ConversationsQuery extends PageQuery {
  /** Part of a title, question or answer, in any case; no wildcards */
  @TextField({ max: 200, optional: true })
  search?: string;

  @EnumField(LISTED_STATUSES, { optional: true })
  status?: TaskStatus;

  @IntField({ min: 1, optional: true, query: true })
  team_id?: number;
}

export class ConversationDto {
  /** Id of the task */
  id!: number;

  title!: string;

  @ApiProperty({ enum: LISTED_STATUSES }) status!: TaskStatus;

  @ApiProperty({ enum: ['chat', 'code'] }) task_type!: 'chat' | 'code';

  team_id!: number;

  /** Null when the team's row is gone; deleted teams keep their name */
  team_name!: string | null;

  /** Shell types of the team's bots, each once */
  shell_types!: string[];

  /** Name of the model that the newest answer or the task chose; null: that of the bot */
  model_id!: string | null;

  last_activity_at!: string;

  created_at!: string;

  /** Start of the newest answer, or of the question while that has no text: at most 160 characters on one line */
  preview!: string;

  /** What is around the hit, in one line, when the search found something else than the title */
  @ApiPropertyOptional() match?: string;

  /** An app waits for a person */
  input_required!: boolean;

  /** Number of questions */
  turn_count!: number;
}

export class ConversationListDto {
  total!: number;

  items!: ConversationDto[];

  /** The search has not read all texts: older ones may match, too. Titles are always compared */
  @ApiPropertyOptional({ type: 'boolean', enum: [true] }) partial?: true;
}
