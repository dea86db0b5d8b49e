import { Controller, Get, Headers, type MessageEvent, Post, Query, Res, Sse, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { map, type Observable, takeUntil } from 'rxjs';
import { Public } from '../../auth/auth-user.js';
import type { TaskLinkClaims } from '../../auth/tokens/task-link-tokens.js';
import { ApiChatStream } from '../../answer-stream/chat-event.dto.js';
import { AttachQuery, CancelChatDto } from '../../direct-chat/direct-chat.dto.js';
import { ApiErrors } from '../../infra/http/server/api-errors.js';
import { ApiOk } from '../../infra/http/server/api-replies.js';
import { MaxBodyBytes } from '../../infra/http/server/request-body.js';
import { SseStreams } from '../../infra/sse/sse-streams.js';
import { CurrentLink, SharedLinkGuard } from './shared-link.guard.js';
import { SharedTaskDto } from './shared.dto.js';
import { SharedService } from './shared.service.js';
import { hideDetails } from './without-details.js';

/** A cancel needs no body; clients may send an empty object. */
const MAX_CANCEL_BYTES = 1_024;

/** What links open, without an account. */
@ApiTags('shared')
@ApiErrors('link_not_valid', 'too_many_requests')
@ApiParam({ name: 'token', description: 'Of POST /api/tasks/{id}/links' })
@Controller('shared/:token')
@Public()
@UseGuards(SharedLinkGuard)
export class SharedController {
  constructor(
    private readonly shared: SharedService,
    private readonly sse: SseStreams,
  ) {}

  /** The conversation that a link opens */
  @Get()
  @ApiOk(SharedTaskDto, 'not_found')
  task(@CurrentLink() link: TaskLinkClaims): Promise<SharedTaskDto> {
    return this.shared.task(link);
  }

  /** Attach to the newest (or named) answer: what was missed, then live. Ends soon after the link */
  @Sse('stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Go on after this event; absent = from the start' })
  @ApiChatStream()
  @ApiResponse({ status: 204, description: 'Everything was received already: do not reconnect' })
  @ApiErrors('not_found', 'stream_not_found', 'too_many_streams')
  async stream(
    @CurrentLink() link: TaskLinkClaims,
    @Query() query: AttachQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    const source = await this.shared.attach(link, query.subtask_id, lastEventId ?? query.last_event_id);

    return this.sse.fromOrEmpty(reply, source).pipe(map(hideDetails), takeUntil(this.shared.whenEnded(link)));
  }

  /** Stop the answer; for links with the access read_and_stop */
  @Post('cancel')
  @MaxBodyBytes(() => MAX_CANCEL_BYTES, { isOpen: true })
  @ApiOk(CancelChatDto, 'forbidden', 'not_found', 'task_final')
  cancel(@CurrentLink() link: TaskLinkClaims): Promise<CancelChatDto> {
    return this.shared.cancel(link);
  }
}
