import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  type MessageEvent,
  Param,
  Post,
  Query,
  Res,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Observable } from 'rxjs';
import { AuthUser, CurrentUser, Public } from '../../auth/auth-user.js';
import { InternalGuard } from '../../auth/internal-access.js';
import { PageQuery } from '../../common/page.js';
import { ApiErrors } from '../../infra/http/server/api-errors.js';
import { SseStreams } from '../../infra/sse/sse-streams.js';
import { ValidationEventsService } from './validation-events.js';
import { ValidationStarter } from './validation-starter.js';
import { ValidationReceiptDto, ValidationReportDto } from './validation-report.dto.js';
import {
  ApiValidationEvents,
  ValidateImageDto,
  ValidationDto,
  ValidationEventsQuery,
  ValidationListDto,
  ValidationRequestDto,
} from './validation.dto.js';
import { ValidationsService } from './validations.service.js';

/** Whether images can be used, for their owners. */
@ApiTags('shells')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Controller('shells')
export class ValidationsController {
  constructor(
    private readonly requests: ValidationStarter,
    private readonly validations: ValidationsService,
    private readonly events: ValidationEventsService,
    private readonly sse: SseStreams,
  ) {}

  @Post('validate-image')
  @HttpCode(200)
  @ApiOperation({ summary: 'Find out whether a runtime works in an image; while that runs, asking again joins it' })
  @ApiOkResponse({ type: ValidationRequestDto })
  @ApiErrors('too_many_validations')
  validate(@CurrentUser() user: AuthUser, @Body() body: ValidateImageDto): Promise<ValidationRequestDto> {
    return this.requests.request(user.id, body);
  }

  @Get('validation-status/:id')
  @ApiOperation({ summary: 'How far a validation of mine is, and what it has found' })
  @ApiOkResponse({ type: ValidationDto })
  @ApiErrors('not_found')
  status(@CurrentUser() user: AuthUser, @Param('id') id: string): Promise<ValidationDto> {
    return this.validations.status(user.id, id);
  }

  @Sse('validation-status/:id/events')
  @ApiOperation({ summary: 'The same live, up to its end' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Go on after this event' })
  @ApiValidationEvents()
  @ApiNoContentResponse({ description: 'It has ended, and the last event was received' })
  @ApiErrors('not_found')
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
  @HttpCode(200)
  @ApiOperation({ summary: 'End a validation of mine without a verdict' })
  @ApiOkResponse({ type: ValidationDto })
  @ApiErrors('not_found', 'conflict')
  cancel(@CurrentUser() user: AuthUser, @Param('id') id: string): Promise<ValidationDto> {
    return this.validations.cancel(user.id, id);
  }

  @Get(':name/validations')
  @ApiOperation({ summary: 'Validations of a shell of mine, newest first' })
  @ApiOkResponse({ type: ValidationListDto })
  @ApiErrors('not_found', 'forbidden')
  ofShell(
    @CurrentUser() user: AuthUser,
    @Param('name') name: string,
    @Query() query: PageQuery,
  ): Promise<ValidationListDto> {
    return this.validations.ofShell(user.id, name, query);
  }
}

/** What executor managers find out about images. Not for users: see {@link InternalGuard}. */
@ApiTags('executors')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Public()
@UseGuards(InternalGuard)
@Controller('shells/validation-status')
export class ValidationReportsController {
  constructor(private readonly validations: ValidationsService) {}

  /** Report on the validation of an image: 200 once the report is stored, or of no use any more */
  @Post(':id')
  @HttpCode(200)
  @ApiOkResponse({ type: ValidationReceiptDto })
  @ApiErrors('not_found', 'service_unavailable')
  report(@Param('id') id: string, @Body() body: ValidationReportDto): Promise<ValidationReceiptDto> {
    return this.validations.report(id, body);
  }
}
