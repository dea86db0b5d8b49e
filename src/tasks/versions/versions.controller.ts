import { Body, Headers, Post, Put } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { ApiController, ApiCreated, ApiOk } from '../../infra/http/server/api-replies.js';
import { IdParam } from '../../infra/http/server/id.pipe.js';
import { TaskDetailDto, TaskDto } from '../tasks.dto.js';
import { IDEMPOTENCY_KEY } from '../turns/idempotency.js';
import { BranchesService } from './branches.service.js';
import { BranchDto, NewVersionDto, ShowVersionDto } from './versions.dto.js';
import { VersionsService } from './versions.service.js';

/** Versions of turns, and tasks that branch off from others. */
@ApiController('tasks')
export class VersionsController {
  constructor(
    private readonly versions: VersionsService,
    private readonly branches: BranchesService,
  ) {}

  /** Run a turn again as a new version: regenerate its answer, or edit its question; older versions stay */
  @Post(':id/versions')
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiCreated(
    TaskDto,
    ...(['not_found', 'task_busy', 'task_expired', 'task_final', 'prompt_too_long', 'bad_request'] as const),
    ...(['model_not_configured', 'dify_input_invalid', 'shell_not_available'] as const),
    ...(['idempotency_key_reused', 'too_many_running_tasks', 'too_many_chats', 'storage_quota_exceeded'] as const),
    ...(['service_unavailable'] as const),
  )
  create(
    @CurrentUser() user: AuthUser,
    @IdParam() id: number,
    @Body() body: NewVersionDto,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<TaskDto> {
    return this.versions.create(user.id, id, body, key);
  }

  /** Show another version of a turn, with what was said after it last */
  @Put(':id/versions')
  @ApiOk(TaskDetailDto, 'not_found', 'task_busy')
  show(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: ShowVersionDto): Promise<TaskDetailDto> {
    return this.versions.show(user.id, id, body.subtask_id);
  }

  /** Create a task of mine with copies of the turns up to one that has ended; nothing runs */
  @Post(':id/branch')
  @ApiCreated(TaskDto, 'not_found', 'task_busy', 'storage_quota_exceeded', 'too_many_new_tasks')
  branch(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: BranchDto): Promise<TaskDto> {
    return this.branches.create(user.id, id, body);
  }
}
