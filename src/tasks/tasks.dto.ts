import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ApiSchema, SUBTASK_RESULT, USAGE_SUM } from '../common/contracts/answer-schemas.js';
import { BoolField, EnumField, IdField, IntField, TextField } from '../common/fields.js';
import { PageQuery } from '../common/page.js';
import { type SubtaskResult, TASK_STATUSES, type TaskStatus } from '../infra/database/schema/schema.js';
import { TeamDto } from '../teams/teams.dto.js';
import { SubtaskDto, times } from './subtasks.dto.js';
import type { TaskUsage } from './task-usage.js';
import type { Listed, LiteTaskRow, TaskDetails } from './tasks.repository.js';
import type { NewTask } from './turns/new-turn.js';
import { omission } from './turns/sized-result.sql.js';

const MAX_BODY = 1_048_576;

/** A new task, or a new turn of an existing one; Wegent's `TaskCreate`. */
export class CreateTaskDto {
  /** At most 60000 bytes of UTF-8 */
  @TextField({ max: MAX_BODY })
  prompt!: string;

  /** Taken from the prompt when missing */
  @TextField({ max: 500, optional: true })
  title?: string;

  /** Or team_name. For a new turn: the task keeps its team when missing */
  @IdField({ optional: true })
  team_id?: number;

  @TextField({ max: 100, optional: true })
  team_name?: string;

  @TextField({ max: 100, optional: true })
  team_namespace?: string;

  @TextField({ min: 0, max: 2000, optional: true })
  git_url?: string;

  @TextField({ min: 0, max: 500, optional: true })
  git_repo?: string;

  @IntField({ optional: true })
  git_repo_id?: number;

  @TextField({ min: 0, max: 200, optional: true })
  git_domain?: string;

  @TextField({ min: 0, max: 500, optional: true })
  branch_name?: string;

  @EnumField(['online', 'offline'], { optional: true })
  type?: 'online' | 'offline';

  @EnumField(['chat', 'code'], { optional: true })
  task_type?: 'chat' | 'code';

  @EnumField(['true', 'false'], { optional: true })
  auto_delete_executor?: 'true' | 'false';

  @TextField({ max: 100, optional: true })
  source?: string;

  /** Name of a model; used when the bot binds none */
  @TextField({ max: 100, optional: true, nullable: true })
  model_id?: string | null;

  /** Use model_id even when the bot binds a model */
  @BoolField({ optional: true })
  force_override_bot_model?: boolean;

  /** Sent by older clients; not used */
  @TextField({ min: 0, max: MAX_BODY, optional: true })
  message?: string;

  /** Sent by older clients; not used */
  @IntField({ optional: true })
  batch?: number;

  /** Sent by older clients; not used: the caller owns the task */
  @IntField({ optional: true })
  user_id?: number;

  /** Sent by older clients; not used */
  @TextField({ min: 0, max: 200, optional: true })
  user_name?: string;
}

export class CreateTaskQuery {
  @IntField({ min: 1, optional: true, query: true })
  task_id?: number;
}

export class UpdateTaskDto {
  @TextField({ max: 500, optional: true })
  title?: string;

  /** Only for a task that is CANCELLING */
  @EnumField(['CANCELLED', 'FAILED'], { optional: true })
  status?: 'CANCELLED' | 'FAILED';

  @TextField({ min: 0, max: 10_000, optional: true })
  error_message?: string;

  @TextField({ min: 0, max: 2000, optional: true })
  git_url?: string;

  @IntField({ optional: true })
  git_repo_id?: number;
}

/** Each filter that is given must match. */
export class TasksQuery extends PageQuery {
  @EnumField(TASK_STATUSES.filter((status) => status !== 'DELETE'), { optional: true })
  status?: TaskStatus;

  @EnumField(['chat', 'code'], { optional: true })
  task_type?: 'chat' | 'code';

  @IntField({ min: 1, optional: true, query: true })
  team_id?: number;

  /** Part of the title, in any case */
  @TextField({ max: 500, optional: true })
  title?: string;
}

export class SearchTasksQuery extends PageQuery {
  /** Part of the title, in any case */
  @TextField({ max: 500 })
  title!: string;
}

export class TaskIdDto {
  task_id!: number;
}

export class TaskDto {
  id!: number;
  @ApiProperty({ enum: ['online', 'offline'] }) type!: string;
  @ApiProperty({ enum: ['chat', 'code'] }) task_type!: string;
  user_id!: number;
  user_name!: string;
  title!: string;
  team_id!: number;
  git_url!: string;
  git_repo!: string;
  git_repo_id!: number;
  git_domain!: string;
  branch_name!: string;
  prompt!: string;
  status!: TaskStatus;
  @ApiProperty({ minimum: 0, maximum: 100 }) progress!: number;
  @ApiSchema(SUBTASK_RESULT) result!: SubtaskResult | null;
  error_message!: string | null;
  created_at!: string;
  updated_at!: string;
  completed_at!: string | null;
  /** How many queued prompts wait: see GET /api/tasks/{id}/follow-ups */
  @ApiProperty({ minimum: 0 }) follow_ups!: number;
}

export class ListedTaskDto extends TaskDto {
  /** The result has more than 4 KiB and was left out: GET /api/tasks/{id} returns it */
  @ApiPropertyOptional({ type: 'boolean', enum: [true] }) result_omitted?: true;
}

export class TaskListDto {
  total!: number;
  /** Prompts and error messages are cut after 1000 characters */
  items!: ListedTaskDto[];
}

export class LiteTaskDto {
  id!: number;
  title!: string;
  status!: TaskStatus;
  task_type!: string;
  type!: string;
  created_at!: string;
  updated_at!: string;
  team_id!: number;
  git_repo!: string;
}

export class LiteTaskListDto {
  total!: number;
  items!: LiteTaskDto[];
}

export class TaskUserDto {
  id!: number;
  user_name!: string;
}

export class TaskDetailDto extends TaskDto {
  user!: TaskUserDto;
  /** Null when the team was deleted */
  @ApiProperty({ type: TeamDto, nullable: true }) team!: TeamDto | null;
  /** The newest 100 of the path that is shown, with results of up to 8 MiB together; all of them: /api/tasks/{id}/subtasks */
  subtasks!: SubtaskDto[];
  @ApiSchema(USAGE_SUM) usage!: TaskUsage | null;
}

/** A task as exports show it */
export class ExportedTaskDto extends TaskDto {
  team_name!: string | null;
  @ApiSchema(USAGE_SUM) usage!: TaskUsage | null;
}

export class CancelTaskDto {
  message!: string;
  status!: 'CANCELLING';
}

export function toTaskDto(task: TaskDetails): TaskDto {
  return {
    id: task.id,
    type: task.type,
    task_type: task.taskType,
    user_id: task.userId,
    user_name: task.userName,
    title: task.title,
    team_id: task.teamId,
    git_url: task.gitUrl,
    git_repo: task.gitRepo,
    git_repo_id: task.gitRepoId,
    git_domain: task.gitDomain,
    branch_name: task.branchName,
    prompt: task.prompt,
    status: task.status,
    progress: task.progress,
    result: task.result,
    error_message: task.errorMessage,
    ...times(task),
    follow_ups: task.followUps,
  };
}

export function toListedTaskDto(task: Listed<TaskDetails>): ListedTaskDto {
  return Object.assign(toTaskDto(task), omission(task.isOmitted));
}

export function toLiteTaskDto(task: LiteTaskRow): LiteTaskDto {
  return {
    id: task.id,
    title: task.title,
    status: task.status,
    task_type: task.taskType,
    type: task.type,
    created_at: task.createdAt.toISOString(),
    updated_at: task.updatedAt.toISOString(),
    team_id: task.teamId,
    git_repo: task.gitRepo,
  };
}

/** What a request says about the task itself, besides its title. */
export function toTaskFields(dto: Omit<CreateTaskDto, 'prompt'>): Omit<NewTask, 'title' | 'titleSource'> {
  return {
    type: dto.type ?? 'online',
    taskType: dto.task_type ?? 'chat',
    source: dto.source ?? 'web',
    gitUrl: dto.git_url ?? '',
    gitRepo: dto.git_repo ?? '',
    gitRepoId: dto.git_repo_id ?? 0,
    gitDomain: dto.git_domain ?? '',
    branchName: dto.branch_name ?? '',
    modelId: dto.model_id ?? null,
    forceOverrideBotModel: dto.force_override_bot_model ?? false,
    autoDeleteExecutor: dto.auto_delete_executor === 'true',
  };
}
