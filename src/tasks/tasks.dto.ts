import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ApiSchema, SUBTASK_RESULT, USAGE_SUM } from '../common/contracts/answer-schemas.js';
import type { SubtaskResult, TaskStatus } from '../infra/database/schema/schema.js';
import { TeamDto } from '../teams/teams.dto.js';
import { SubtaskDto, times } from './subtasks.dto.js';
import type { TaskUsage } from './task-usage.js';
import type { Listed, LiteTaskRow, TaskDetails } from './tasks.repository.js';
import { omission } from './turns/sized-result.sql.js';

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
