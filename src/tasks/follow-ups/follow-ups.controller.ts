import { Body, Delete, Get, Post } from '@nestjs/common';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { ApiController, ApiCreated, ApiOk } from '../../infra/http/server/api-replies.js';
import { IdParam } from '../../infra/http/server/id.pipe.js';
import { FollowUpDto, FollowUpListDto, NewFollowUpDto } from './follow-ups.dto.js';
import { FollowUpsService } from './follow-ups.service.js';

/** Prompts that wait for the end of the running turn. */
@ApiController('tasks')
export class FollowUpsController {
  constructor(private readonly followUps: FollowUpsService) {}

  /** Queue a prompt behind the running turn; where nothing runs, the next one begins at once */
  @Post(':id/follow-ups')
  @ApiCreated(
    FollowUpDto,
    ...(['not_found', 'prompt_too_long', 'task_expired', 'task_final'] as const),
    ...(['storage_quota_exceeded', 'too_many_follow_ups'] as const),
  )
  add(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: NewFollowUpDto): Promise<FollowUpDto> {
    return this.followUps.add(user.id, id, body);
  }

  /** The prompts that wait, and why they do though nothing runs */
  @Get(':id/follow-ups')
  @ApiOk(FollowUpListDto, 'not_found')
  list(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<FollowUpListDto> {
    return this.followUps.list(user.id, id);
  }

  /** Begin the next prompt, after a failure, a cancel or a refusal */
  @Post(':id/follow-ups/resume')
  @ApiOk(
    FollowUpListDto,
    ...(['not_found', 'conflict', 'task_busy', 'task_expired', 'task_final', 'bad_request'] as const),
    ...(['model_not_configured', 'dify_input_invalid', 'shell_not_available'] as const),
    ...(['too_many_running_tasks', 'too_many_chats', 'storage_quota_exceeded', 'service_unavailable'] as const),
  )
  resume(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<FollowUpListDto> {
    return this.followUps.resume(user.id, id);
  }

  /** Remove a prompt that waits */
  @Delete(':id/follow-ups/:follow_up_id')
  @ApiOk(FollowUpDto, 'not_found', 'conflict')
  remove(
    @CurrentUser() user: AuthUser,
    @IdParam() id: number,
    @IdParam('follow_up_id') followUpId: number,
  ): Promise<FollowUpDto> {
    return this.followUps.remove(user.id, id, followUpId);
  }
}
