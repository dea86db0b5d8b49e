import { Body, Get, Headers, type MessageEvent, Param, Post, Query, Res, Sse, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Observable } from 'rxjs';
import { AuthUser, CurrentUser, Public } from '../../auth/auth-user.js';
import { InternalGuard } from '../../auth/internal-access.js';
import { PageQuery } from '../../common/page.js';
import { ApiErrors } from '../../infra/http/server/api-errors.js';
import { ApiController, ApiOk } from '../../infra/http/server/api-replies.js';
import { MaxBodyBytes } from '../../infra/http/server/request-body.js';
import { ApiEventStream } from '../../infra/sse/api-events.js';
import { SseStreams } from '../../infra/sse/sse-streams.js';
import { ValidationEventsService } from './validation-events.js';
import { ValidationStarter } from './validation-starter.js';
import { ValidationReceiptDto, ValidationReportDto } from './validation-report.dto.js';
import {
  ValidateImageDto,
  ValidationDto,
  ValidationEventDto,
  ValidationEventsQuery,
  ValidationListDto,
  ValidationRequestDto,
} from './validation.dto.js';
import { ValidationsService } from './validations.service.js';

/** Whether images can be used, for their owners. */
@ApiController('shells')
export class ValidationsController {
  constructor(
    private readonly requests: ValidationStarter,
    private readonly validations: ValidationsService,
    private readonly events: ValidationEventsService,
    private readonly sse: SseStreams,
  ) {}

  @Post('validate-image')
  @ApiOperation({ summary: 'Find out whether a runtime works in an image; while that runs, asking again joins it' })
  @ApiOk(ValidationRequestDto, 'too_many_validations')
  validate(@CurrentUser() user: AuthUser, @Body() body: ValidateImageDto): Promise<ValidationRequestDto> {
    return this.requests.request(user.id, body);
  }

  @Get('validation-status/:id')
  @ApiOperation({ summary: 'How far a validation of mine is, and what it has found' })
  @ApiOk(ValidationDto, 'not_found')
  status(@CurrentUser() user: AuthUser, @Param('id') id: string): Promise<ValidationDto> {
    return this.validations.status(user.id, id);
  }

  @Sse('validation-status/:id/events')
  @ApiOperation({ summary: 'The same live, up to its end' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Go on after this event' })
  @ApiEventStream(
    ValidationEventDto.name,
    ', resumable by their ids; the stream ends with the status completed',
    ValidationEventDto,
  )
  @ApiNoContentResponse({ description: 'It has ended, and the last event was received' })
  @ApiErrors('not_found', 'too_many_streams')
  async live(
    @CurrentUser() user: AuthUser,
    @Param('id') id: string,
    @Query() query: ValidationEventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    const events = await this.events.open(user.id, id, lastEventId ?? query.last_event_id);

    return this.sse.fromOrEmpty(reply, events);
  }

  @Post('validation-status/:id/cancel')
  @ApiOperation({ summary: 'End a validation of mine without a verdict' })
  @ApiOk(ValidationDto, 'not_found', 'conflict')
  cancel(@CurrentUser() user: AuthUser, @Param('id') id: string): Promise<ValidationDto> {
    return this.validations.cancel(user.id, id);
  }

  @Get(':name/validations')
  @ApiOperation({ summary: 'Validations of a shell of mine, newest first' })
  @ApiOk(ValidationListDto, 'not_found', 'forbidden')
  ofShell(
    @CurrentUser() user: AuthUser,
    @Param('name') name: string,
    @Query() query: PageQuery,
  ): Promise<ValidationListDto> {
    return this.validations.ofShell(user.id, name, query);
  }
}

const MAX_REPORT_BYTES = 1024 * 1024;

/** What executor managers find out about images. Not for users: see {@link InternalGuard}. */
@Public()
@UseGuards(InternalGuard)
@ApiController('shells/validation-status', 'executors')
export class ValidationReportsController {
  constructor(private readonly validations: ValidationsService) {}

  /** Report on the validation of an image: 200 once the report is stored, or of no use any more */
  @Post(':id')
  @MaxBodyBytes(() => MAX_REPORT_BYTES, { isInternal: true })
  @ApiOk(ValidationReceiptDto, 'not_found', 'service_unavailable')
  report(@Param('id') id: string, @Body() body: ValidationReportDto): Promise<ValidationReceiptDto> {
    return this.validations.report(id, body);
  }
}
