import { Body, Get, Headers, HttpCode, type MessageEvent, Post, Query, RequestMethod, Res, Sse } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Observable } from 'rxjs';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { ApiController, ApiOk } from '../infra/http/server/api-replies.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { SseStreams } from '../infra/sse/sse-streams.js';
import { IDEMPOTENCY_KEY } from '../tasks/turns/idempotency.js';
import { AnswerStreams } from './request/answer-streams.js';
import { AppInputService } from './queue/app-input.service.js';
import { ApiChatStream } from '../answer-stream/chat-event.dto.js';
import {
  AppInputDto,
  AppInputReplyDto,
  AttachQuery,
  CancelChatDto,
  CheckChatDto,
  StreamChatDto,
  StreamTaskDto,
} from './direct-chat.dto.js';
import { DirectChatService } from './request/direct-chat.service.js';

const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  required: false,
  description: 'Go on after this event; absent = from the start',
};

/** Chat turns, streamed. */
@ApiController('direct-chat')
export class DirectChatController {
  constructor(
    private readonly chats: DirectChatService,
    private readonly streams: AnswerStreams,
    private readonly inputs: AppInputService,
    private readonly sse: SseStreams,
  ) {}

  @Sse('stream', { method: RequestMethod.POST })
  @HttpCode(200)
  @ApiOperation({ summary: 'Ask, and stream the answer: creates a task, or appends a turn to one' })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiChatStream()
  @ApiErrors('model_not_configured', 'not_found', 'task_busy', 'idempotency_key_reused')
  @ApiErrors('prompt_too_long', 'storage_quota_exceeded', 'service_unavailable')
  @ApiErrors('too_many_chats', 'too_many_running_tasks', 'too_many_new_tasks', 'too_many_streams')
  async stream(
    @CurrentUser() user: AuthUser,
    @Body() body: StreamChatDto,
    @Headers('idempotency-key') key: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    const answer = await this.chats.start(user.id, body, key);
    reply.header('X-Task-Id', answer.taskId);

    return this.sse.fromOrEmpty(reply, await this.streams.open(user.id, answer, lastEventId));
  }

  @Sse(':task_id/stream', { method: RequestMethod.POST })
  @HttpCode(200)
  @ApiOperation({ summary: 'Start the waiting answer of a task, or append a turn when it has ended' })
  @ApiChatStream()
  @ApiErrors('task_final', 'not_found', 'task_busy')
  @ApiErrors('prompt_too_long', 'storage_quota_exceeded')
  @ApiErrors('too_many_chats', 'too_many_running_tasks', 'too_many_streams', 'service_unavailable')
  async streamTask(
    @CurrentUser() user: AuthUser,
    @IdParam('task_id') taskId: number,
    @Body() body: StreamTaskDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    const answer = await this.chats.startTask(user.id, taskId, body);
    reply.header('X-Task-Id', answer.taskId);

    return this.sse.fromOrEmpty(reply, await this.streams.open(user.id, answer));
  }

  @Sse(':task_id/stream')
  @ApiOperation({ summary: 'Attach to the newest (or named) answer: what was missed, then live' })
  @ApiHeader(LAST_EVENT_ID)
  @ApiChatStream()
  @ApiResponse({ status: 204, description: 'Everything was received already: do not reconnect' })
  @ApiErrors('not_found', 'stream_not_found', 'too_many_streams')
  async attach(
    @CurrentUser() user: AuthUser,
    @IdParam('task_id') taskId: number,
    @Query() query: AttachQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    const cursor = lastEventId ?? query.last_event_id;

    return this.sse.fromOrEmpty(reply, await this.streams.attach(user.id, taskId, query.subtask_id, cursor));
  }

  @Post(':task_id/cancel')
  @ApiOperation({ summary: 'Stop the answer, running or waiting; tells what was reached' })
  @ApiOk(CancelChatDto, 'not_found', 'task_final')
  cancel(@CurrentUser() user: AuthUser, @IdParam('task_id') taskId: number): Promise<CancelChatDto> {
    return this.streams.cancel(user.id, taskId);
  }

  @Post(':task_id/input')
  @ApiOperation({ summary: 'Answer a form that an app waits for; the answer goes on in the same stream' })
  @ApiOk(
    AppInputReplyDto,
    'not_found',
    'conflict',
    'dify_input_invalid',
    'dify_app_unavailable',
    'provider_unavailable',
  )
  input(
    @CurrentUser() user: AuthUser,
    @IdParam('task_id') taskId: number,
    @Body() body: AppInputDto,
  ): Promise<AppInputReplyDto> {
    return this.inputs.submit(user.id, taskId, body);
  }

  @Get('check/:team_id')
  @ApiOperation({ summary: 'Whether a team answers without executors' })
  @ApiOk(CheckChatDto, 'not_found')
  check(@CurrentUser() user: AuthUser, @IdParam('team_id') teamId: number): Promise<CheckChatDto> {
    return this.chats.checkTeam(user.id, teamId);
  }
}
