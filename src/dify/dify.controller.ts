import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import type { JsonObject } from '../common/text/json.js';
import { MessageDto } from '../common/page.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { TakesForms, whenClientGone } from '../infra/http/server/multipart.js';
import { ProbeSlots } from '../infra/rate-limit/probe-slots.js';
import {
  DifyAppInfoDto,
  DifyAppRef,
  FeedbackDto,
  InputParametersDto,
  UploadedFileDto,
  UploadQuery,
} from './dify.dto.js';
import { DifyAppInfoService } from './client/dify-app-info.service.js';
import { FeedbackService } from './feedback.service.js';
import { UploadsService } from './files/uploads.service.js';

const UPLOAD_FORM = {
  type: 'object',
  required: ['file'],
  properties: {
    bot_id: { type: 'integer', description: 'Before the file, or in the query' },
    file: { type: 'string', format: 'binary' },
  },
};

/** Dify apps: what they are, files for them, and what users think of their answers. */
@ApiTags('dify')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed', 'not_found', 'model_not_configured', 'provider_blocked')
@ApiErrors('provider_auth', 'provider_unavailable', 'provider_protocol', 'dify_app_unavailable', 'provider_timeout')
@ApiErrors('too_many_probes')
@Controller('dify')
export class DifyController {
  constructor(
    private readonly facts: DifyAppInfoService,
    private readonly uploads: UploadsService,
    private readonly feedbacks: FeedbackService,
    private readonly probes: ProbeSlots,
  ) {}

  /** Name and mode of an app: of a bot, or by key and address */
  @Post('app/info')
  @HttpCode(200)
  info(@CurrentUser() user: AuthUser, @Body() body: DifyAppRef): Promise<DifyAppInfoDto> {
    return this.probes.run(user.id, () => this.facts.info(user.id, body));
  }

  /** Forms, switches and limits of an app, as Dify's /parameters gives them */
  @Post('app/parameters')
  @HttpCode(200)
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  parameters(@CurrentUser() user: AuthUser, @Body() body: DifyAppRef): Promise<JsonObject> {
    return this.probes.run(user.id, () => this.facts.parameters(user.id, body));
  }

  /** Upload a file to an app, to be used in files and inputs of questions */
  @Post('files')
  @TakesForms()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: UPLOAD_FORM })
  @ApiCreatedResponse({ type: UploadedFileDto })
  @ApiErrors('bad_request', 'dify_input_invalid', 'payload_too_large', 'unsupported_media_type')
  upload(
    @CurrentUser() user: AuthUser,
    @Query() query: UploadQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UploadedFileDto> {
    return this.uploads.send(user.id, request, query.bot_id, whenClientGone(reply.raw));
  }

  /** Like or dislike an answer of mine; its message_id is in the result */
  @Post('messages/:message_id/feedback')
  @HttpCode(200)
  async feedback(
    @CurrentUser() user: AuthUser,
    @Param('message_id') messageId: string,
    @Body() body: FeedbackDto,
  ): Promise<MessageDto> {
    await this.feedbacks.give(user.id, messageId, body);

    return { message: 'Feedback given' };
  }
}

/** The form of a team is that of its Dify apps: others ask for none. */
@ApiTags('teams')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Controller('teams')
export class TeamFormController {
  constructor(private readonly facts: DifyAppInfoService) {}

  /** Form fields that the team asks for before a task */
  @Get(':id/input-parameters')
  @ApiOkResponse({ type: InputParametersDto })
  @ApiErrors('not_found', 'provider_auth', 'provider_unavailable', 'dify_app_unavailable')
  inputParameters(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<InputParametersDto> {
    return this.facts.inputParameters(user.id, id);
  }
}
