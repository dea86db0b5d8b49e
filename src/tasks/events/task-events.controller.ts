import { Headers, type MessageEvent, Query, Res, Sse } from '@nestjs/common';
import { ApiHeader, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Observable } from 'rxjs';
import { AuthUser, CurrentUser } from '../../auth/auth-user.js';
import { ApiErrors } from '../../infra/http/server/api-errors.js';
import { ApiController } from '../../infra/http/server/api-replies.js';
import { IdParam } from '../../infra/http/server/id.pipe.js';
import { SseStreams } from '../../infra/sse/sse-streams.js';
import { ApiTaskEvents, TaskEventsQuery } from './task-event.dto.js';
import { TaskEventsService } from './task-events.service.js';

const LAST_EVENT_ID = {
  name: 'Last-Event-ID',
  required: false,
  description: 'Go on after this event; absent, unknown or too old = from a snapshot',
};

/** Tasks as they change. */
@ApiController('tasks')
export class TaskEventsController {
  constructor(
    private readonly events: TaskEventsService,
    private readonly sse: SseStreams,
  ) {}

  @Sse('events')
  @ApiOperation({ summary: 'All my tasks, live: first the unfinished and the newest 50, then every change' })
  @ApiHeader(LAST_EVENT_ID)
  @ApiTaskEvents()
  @ApiErrors('too_many_streams')
  all(
    @CurrentUser() user: AuthUser,
    @Query() query: TaskEventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Observable<MessageEvent> {
    return this.sse.from(reply, this.events.all(user.id, lastEventId ?? query.last_event_id));
  }

  @Sse(':id/events')
  @ApiOperation({
    summary: 'A task, live: first it and its newest 100 subtasks, then every change until it is deleted',
  })
  @ApiHeader(LAST_EVENT_ID)
  @ApiTaskEvents()
  @ApiErrors('not_found', 'too_many_streams')
  async one(
    @CurrentUser() user: AuthUser,
    @IdParam() id: number,
    @Query() query: TaskEventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    return this.sse.from(reply, await this.events.one(user.id, id, lastEventId ?? query.last_event_id));
  }
}
