import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, Max, Min } from 'class-validator';
import { EnumField, IntField, MAX_ID, TextField } from '../../common/fields.js';
import type { JsonObject } from '../../common/text/json.js';
import { MANAGER } from '../managers/managed-tasks.dto.js';
import { SUBTASK_STATUSES, type SubtaskStatus } from '../../infra/database/schema/schema.js';

const DISPATCH_QUEUES = ['online', 'offline'] as const;
/** `any`: online work first, then offline work. */
const DISPATCH_TYPES = [...DISPATCH_QUEUES, 'any'] as const;
const MAX_TASK_IDS = 100;
/** Shorter than the idle timeout of proxies. */
const MAX_WAIT_SECONDS = 25;

/** What a manager asks for. Wegent's adds parameters of its own. */
export class DispatchQuery {
  /** Only pending subtasks can be handed out: with another state the list is empty */
  @EnumField(SUBTASK_STATUSES, { optional: true })
  task_status: SubtaskStatus = 'PENDING';

  /** How many; not with task_ids */
  @IntField({ min: 1, max: 100, optional: true, query: true })
  limit: number = 1;

  /**
   * Comma-separated, at most 100: of each of these tasks the subtask whose turn it is, if none of it runs
   * @example 77,78
   */
  @ApiProperty({ type: String, required: false })
  @Transform(({ value }) => idsOf(value))
  @IsArray({ message: '$property must be comma-separated ids' })
  @IsInt({ each: true, message: '$property must be comma-separated ids' })
  @Min(1, { each: true })
  @Max(MAX_ID, { each: true })
  @ArrayMaxSize(MAX_TASK_IDS)
  task_ids: number[] = [];

  /** Kind of task, `any` for online work first and then offline work; not with task_ids */
  @EnumField(DISPATCH_TYPES, { optional: true })
  type: (typeof DISPATCH_TYPES)[number] = 'online';

  /**
   * How the names of the asking manager’s executors end. Tasks whose workspace is with another manager that asks in this
   * way are left to it, as long as it lives
   * @example -0a1b2c3d
   */
  @TextField({ max: 65, pattern: MANAGER, optional: true })
  manager?: string;

  /** Seconds to wait when there is no work; the reply comes as soon as there is some */
  @IntField({ min: 0, max: MAX_WAIT_SECONDS, optional: true, query: true })
  wait: number = 0;
}

/** The user for whom an executor works, with the git account for the task's repository. */
export class DispatchedUserDto {
  id!: number;

  /** @example ann */
  name!: string;

  /** @example github.com */
  git_domain!: string | null;

  /** Secret */
  git_token!: string | null;

  git_id!: string | null;

  git_login!: string | null;

  git_email!: string | null;

  /** Of the git account */
  user_name!: string | null;
}

/** A bot that answers. */
export class DispatchedBotDto {
  id!: number;

  /** @example coder */
  name!: string;

  /** @example ClaudeCode */
  shell_type!: string;

  /** Its `env` holds the connection to the model, secrets in clear */
  agent_config!: JsonObject;

  /** The bot's prompt and what the team adds to it */
  system_prompt!: string;

  mcp_servers!: JsonObject;

  skills!: string[];

  /** @example leader */
  role!: string;

  /** Image of its shell; null: the executor’s own */
  base_image!: string | null;
}

/** A subtask that was handed out, in Wegent's shape. */
export class DispatchedSubtaskDto {
  subtask_id!: number;

  /** The next subtask of the task */
  subtask_next_id!: number | null;

  task_id!: number;

  @ApiProperty({ enum: DISPATCH_QUEUES })
  type!: string;

  /** The executor that has answered before, or has lost this subtask and may live; empty: start a new one */
  executor_name!: string;

  executor_namespace!: string;

  subtask_title!: string;

  task_title!: string;

  user!: DispatchedUserDto;

  bot!: DispatchedBotDto[];

  team_id!: number;

  /** @example pipeline */
  mode!: string;

  git_domain!: string;

  git_repo!: string;

  git_repo_id!: number;

  branch_name!: string;

  git_url!: string;

  /** The question and, in a pipeline, the text of the step before */
  prompt!: string;

  /** The user's JWT, valid for 24 hours. Secret */
  auth_token!: string;

  /** @example RUNNING */
  status!: string;

  progress!: number;

  /**
   * UTC, without zone
   * @example 2025-12-02T10:00:00
   */
  created_at!: string;

  /**
   * UTC, without zone
   * @example 2025-12-02T10:00:01
   */
  updated_at!: string;
}

export class DispatchDto {
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
