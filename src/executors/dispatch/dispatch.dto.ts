import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, Max, Min } from 'class-validator';
import { EnumField, IntField, MAX_ID } from '../../common/fields.js';
import type { JsonObject } from '../../common/json.js';
import { DropsUnknownFields } from '../../infra/http/server/validation.pipe.js';
import { SUBTASK_STATUSES, type SubtaskStatus } from '../../infra/database/schema/schema.js';

const LANES = ['online', 'offline'] as const;
const MAX_TASK_IDS = 100;

/** What a manager asks for. Wegent's adds parameters of its own. */
@DropsUnknownFields()
export class DispatchQuery {
  @EnumField(SUBTASK_STATUSES, {
    optional: true,
    default: 'PENDING',
    description: 'Only pending subtasks can be handed out: with another state the list is empty',
  })
  task_status: SubtaskStatus = 'PENDING';

  @IntField({ min: 1, max: 100, optional: true, query: true, default: 1, description: 'How many; not with task_ids' })
  limit: number = 1;

  @ApiProperty({
    type: String,
    required: false,
    description: `Comma-separated, at most ${MAX_TASK_IDS}: of each of these tasks the subtask whose turn it is, if none of it runs`,
    example: '77,78',
  })
  @Transform(({ value }) => idsOf(value))
  @IsArray({ message: '$property must be comma-separated ids' })
  @IsInt({ each: true, message: '$property must be comma-separated ids' })
  @Min(1, { each: true })
  @Max(MAX_ID, { each: true })
  @ArrayMaxSize(MAX_TASK_IDS)
  task_ids: number[] = [];

  @EnumField(LANES, { optional: true, default: 'online', description: 'Kind of task; not with task_ids' })
  type: (typeof LANES)[number] = 'online';
}

/** The user for whom an executor works, with the git account for the task's repository. */
export class DispatchedUserDto {
  @ApiProperty()
  id!: number;

  @ApiProperty({ example: 'ann' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'github.com' })
  git_domain!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Secret' })
  git_token!: string | null;

  @ApiProperty({ type: String, nullable: true })
  git_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  git_login!: string | null;

  @ApiProperty({ type: String, nullable: true })
  git_email!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Of the git account' })
  user_name!: string | null;
}

/** A bot that answers. */
export class DispatchedBotDto {
  @ApiProperty()
  id!: number;

  @ApiProperty({ example: 'coder' })
  name!: string;

  @ApiProperty({ example: 'ClaudeCode' })
  shell_type!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Its `env` holds the connection to the model, secrets in clear',
  })
  agent_config!: JsonObject;

  @ApiProperty({ description: "The bot's prompt and what the team adds to it" })
  system_prompt!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  mcp_servers!: JsonObject;

  @ApiProperty({ type: [String] })
  skills!: string[];

  @ApiProperty({ example: 'leader' })
  role!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Image of its shell; null: the executor’s own' })
  base_image!: string | null;
}

/** A subtask that was handed out, in Wegent's shape. */
export class DispatchedSubtaskDto {
  @ApiProperty()
  subtask_id!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'The next subtask of the task' })
  subtask_next_id!: number | null;

  @ApiProperty()
  task_id!: number;

  @ApiProperty({ enum: LANES })
  type!: string;

  @ApiProperty({ description: 'The executor that has answered before; empty: start a new one' })
  executor_name!: string;

  @ApiProperty()
  executor_namespace!: string;

  @ApiProperty()
  subtask_title!: string;

  @ApiProperty()
  task_title!: string;

  @ApiProperty({ type: DispatchedUserDto })
  user!: DispatchedUserDto;

  @ApiProperty({ type: [DispatchedBotDto] })
  bot!: DispatchedBotDto[];

  @ApiProperty()
  team_id!: number;

  @ApiProperty({ example: 'pipeline' })
  mode!: string;

  @ApiProperty()
  git_domain!: string;

  @ApiProperty()
  git_repo!: string;

  @ApiProperty()
  git_repo_id!: number;

  @ApiProperty()
  branch_name!: string;

  @ApiProperty()
  git_url!: string;

  @ApiProperty({ description: 'The question and, in a pipeline, the text of the step before' })
  prompt!: string;

  @ApiProperty({ description: "The user's JWT, valid for 24 hours. Secret" })
  auth_token!: string;

  @ApiProperty({ example: 'RUNNING' })
  status!: string;

  @ApiProperty()
  progress!: number;

  @ApiProperty({ example: '2025-12-02T10:00:00', description: 'UTC, without zone' })
  created_at!: string;

  @ApiProperty({ example: '2025-12-02T10:00:01', description: 'UTC, without zone' })
  updated_at!: string;
}

export class DispatchDto {
  @ApiProperty({ type: [DispatchedSubtaskDto] })
  tasks!: DispatchedSubtaskDto[];
}

function idsOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;

  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => (/^\d{1,10}$/.test(part) ? Number(part) : part));
}
