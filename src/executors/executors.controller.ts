import { Body, HttpCode, Post, Put, Query, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/auth-user.js';
import { InternalGuard } from '../auth/internal-access.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { ApiController, ApiOk } from '../infra/http/server/api-replies.js';
import { BodyBytes, MaxBodyBytes } from '../infra/http/server/request-body.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { DispatchDto, DispatchQuery } from './dispatch/dispatch.dto.js';
import { ClaimWaiters } from './dispatch/claim-waiters.js';
import { ClaimedOffer, ExecutorGuard } from './executor.guard.js';
import { ExecutorReportDto, HeartbeatDto, LeaseDto, ReportReceiptDto } from './reports/executor-reports.dto.js';
import { ExecutorReportsService } from './reports/executor-reports.service.js';
import { EventsReceiptDto, ExecutorEventsDto } from './stream/executor-events.dto.js';
import { ExecutorEventsService } from './stream/executor-events.service.js';
import { LeasesService } from './lifecycle/leases.service.js';

/** What a report has besides its result. */
const SLACK_BYTES = 64 * 1024;
/** Of a call with events, which may begin with the whole text. */
const EVENTS_BYTES = 512 * 1024;
/** Bodies of calls that say little. */
const SMALL_BYTES = 16 * 1024;

/** The contract with executors and their managers. Not for users: see {@link InternalGuard} and {@link ExecutorGuard}. */
@Public()
@ApiController('executors/tasks', 'executors')
export class ExecutorsController {
  constructor(
    private readonly claims: ClaimWaiters,
    private readonly reports: ExecutorReportsService,
    private readonly leases: LeasesService,
    private readonly events: ExecutorEventsService,
  ) {}

  /** Take subtasks: oldest first, fair between users, each handed out once, with a lease. `wait` for some, if there is none */
  @Post('dispatch')
  @UseGuards(InternalGuard)
  @MaxBodyBytes(() => SMALL_BYTES, { isInternal: true })
  @HttpCode(200)
  dispatch(@Query() query: DispatchQuery, @Res({ passthrough: true }) reply: FastifyReply): Promise<DispatchDto> {
    return this.claims.dispatch(query, reply);
  }

  /** Report on a subtask: 200 once the report is queued for good, or of no use any more */
  @Put()
  @UseGuards(ExecutorGuard)
  @MaxBodyBytes(({ executors }) => executors.maxResultBytes + SLACK_BYTES, { isLight: true, isInternal: true })
  @ApiOk(ReportReceiptDto, 'forbidden', 'not_found', 'payload_too_large', 'service_unavailable')
  report(@Body() body: ExecutorReportDto, @BodyBytes() bytes: number): Promise<ReportReceiptDto> {
    return this.reports.receive(body, bytes);
  }

  /** Send events of the answer as they happen: clients receive them at once. Extends the lease as a heartbeat does */
  @Post(':subtask_id/events')
  @UseGuards(ExecutorGuard)
  @MaxBodyBytes(({ executors }) => executors.maxResultBytes + EVENTS_BYTES, { isLight: true, isInternal: true })
  @ApiOk(EventsReceiptDto, 'forbidden', 'not_found', 'payload_too_large', 'service_unavailable')
  @ApiErrors('events_gap', 'subtask_final', 'lease_lost')
  sendEvents(
    @IdParam('subtask_id') subtaskId: number,
    @Body() body: ExecutorEventsDto,
    @ClaimedOffer() offer: number | null,
  ): Promise<EventsReceiptDto> {
    return this.events.receive(subtaskId, body, offer);
  }

  /** Say that the executor is alive: extends its lease. 409 and `cancelling` tell it to stop */
  @Post(':subtask_id/heartbeat')
  @UseGuards(ExecutorGuard)
  @MaxBodyBytes(() => SMALL_BYTES, { isInternal: true })
  @ApiOk(LeaseDto, 'forbidden', 'not_found', 'subtask_final', 'lease_lost')
  heartbeat(@IdParam('subtask_id') subtaskId: number, @Body() body: HeartbeatDto): Promise<LeaseDto> {
    return this.leases.beat(subtaskId, body);
  }
}
