import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { BotSummaryDto } from '../bots/bots.dto.js';
import { ApiSchema, SUBTASK_RESULT } from '../common/contracts/answer-schemas.js';
import type { SubtaskResult } from '../infra/database/schema/schema.js';
import { AnswerEndDto, toAnswerEnd } from './answer-end.dto.js';
import type { ListedSubtask } from './turns/conversation-paths.js';
import type { SubtaskRow } from './turns/answer-turn.js';
import { omission } from './turns/sized-result.sql.js';

/** Which version of its question a turn is: versions follow the same turn, and one of them is shown. */
export class VersionDto {
  /** From 1, in the order of asking */
  @ApiProperty({ minimum: 1 }) index!: number;
  @ApiProperty({ minimum: 1 }) count!: number;
  /** The USER subtasks of all versions, in their order: PUT /api/tasks/{id}/versions shows one of them */
  subtask_ids!: number[];
}

export class SubtaskDto {
  id!: number;
  task_id!: number;
  team_id!: number;
  title!: string;
  bot_ids!: number[];
  @ApiProperty({ enum: ['USER', 'ASSISTANT'] }) role!: string;
  prompt!: string;
  executor_namespace!: string;
  executor_name!: string;
  /** Position in the task, growing; with several versions the path that is shown has gaps */
  message_id!: number;
  /** message_id of the message before it on its path, 0 for the first: USER subtasks with the same one are versions of each other */
  parent_id!: number;
  status!: string;
  progress!: number;
  @ApiSchema(SUBTASK_RESULT)
  result!: SubtaskResult | null;
  error_message!: string | null;
  user_id!: number;
  created_at!: string;
  updated_at!: string;
  completed_at!: string | null;
  /** With ended answers that had a stream */
  end?: AnswerEndDto;
  /** The results of newer subtasks fill the reply: a smaller page of GET /api/tasks/{id}/subtasks returns it */
  @ApiPropertyOptional({ type: 'boolean', enum: [true] }) result_omitted?: true;
  /** With each subtask of GET /api/tasks/{id} and /api/tasks/{id}/subtasks: those of `bot_ids` that still exist */
  @ApiPropertyOptional({ type: [BotSummaryDto] }) bots?: BotSummaryDto[];
  /** With every USER subtask of GET /api/tasks/{id} and /api/tasks/{id}/subtasks; live events leave it out */
  version?: VersionDto;
}

export class SubtaskListDto {
  /** On the path that is shown */
  total!: number;
  items!: SubtaskDto[];
}

export function toSubtaskDto(subtask: SubtaskRow): SubtaskDto {
  return {
    id: subtask.id,
    task_id: subtask.taskId,
    team_id: subtask.teamId,
    title: subtask.title,
    bot_ids: subtask.botIds,
    role: subtask.role,
    prompt: subtask.prompt,
    executor_namespace: subtask.executorNamespace,
    executor_name: subtask.executorName,
    message_id: subtask.messageId,
    parent_id: subtask.parentId,
    status: subtask.status,
    progress: subtask.progress,
    result: subtask.result,
    error_message: subtask.errorMessage,
    user_id: subtask.userId,
    ...times(subtask),
    ...toAnswerEnd(subtask.terminalEvent),
  };
}

/** @param known the bots of the conversation by id */
export function toListedSubtaskDto(subtask: ListedSubtask, known: ReadonlyMap<number, BotSummaryDto>): SubtaskDto {
  const bots = subtask.botIds.flatMap((id) => known.get(id) ?? []);

  return Object.assign(toSubtaskDto(subtask), { bots }, omission(subtask.isOmitted), versionOf(subtask));
}

function versionOf({ version }: ListedSubtask): Pick<SubtaskDto, 'version'> {
  if (!version) return {};
  const { index, subtaskIds } = version;

  return { version: { index, count: subtaskIds.length, subtask_ids: subtaskIds } };
}

/** The times of a row, as JSON. */
export function times(row: { createdAt: Date; updatedAt: Date; completedAt: Date | null }) {
  return {
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    completed_at: row.completedAt?.toISOString() ?? null,
  };
}
