import { Body, Controller, HttpCode, Post, Put, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../auth/auth-user.js';
import { InternalGuard } from '../auth/internal-access.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { MaxBodyBytes } from '../infra/http/server/request-body.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { DispatchDto, DispatchQuery } from './dispatch/dispatch.dto.js';
import { DispatchService } from './dispatch/dispatch.service.js';
import { ExecutorReportDto, HeartbeatDto, LeaseDto, ReportReceiptDto } from './reports/executor-reports.dto.js';
import { ExecutorReportsService } from './reports/executor-reports.service.js';
import { LeasesService } from './lifecycle/leases.service.js';

/** What a report has besides its result. */
const SLACK_BYTES = 64 * 1024;

/** The contract with executors and their managers. Not for users: see {@link InternalGuard}. */
@ApiTags('executors')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Public()
@UseGuards(InternalGuard)
@Controller('executors/tasks')
export class ExecutorsController {
  constructor(
    private readonly dispatches: DispatchService,
    private readonly reports: ExecutorReportsService,
    private readonly leases: LeasesService,
  ) {}

  /** Take subtasks: oldest first, fair between users, each handed out once, with a lease */
  @Post('dispatch')
  @HttpCode(200)
  dispatch(@Query() query: DispatchQuery): Promise<DispatchDto> {
    return this.dispatches.dispatch(query);
  }

  /** Report on a subtask: 200 once the report is queued for good, or of no use any more */
  @Put()
  @MaxBodyBytes(({ executors }) => executors.maxResultBytes + SLACK_BYTES, { isLight: true })
  @ApiOkResponse({ type: ReportReceiptDto })
  @ApiErrors('not_found', 'payload_too_large', 'service_unavailable')
  report(@Body() body: ExecutorReportDto): Promise<ReportReceiptDto> {
    return this.reports.receive(body);
  }

  /** Say that the executor is alive: extends its lease. 409 and `cancelling` tell it to stop */
  @Post(':subtask_id/heartbeat')
  @HttpCode(200)
  @ApiOkResponse({ type: LeaseDto })
  @ApiErrors('not_found', 'subtask_final', 'lease_lost')
  heartbeat(@IdParam('subtask_id') subtaskId: number, @Body() body: HeartbeatDto): Promise<LeaseDto> {
    return this.leases.heartbeat(subtaskId, body);
  }
}
