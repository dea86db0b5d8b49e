import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { InputParametersDto } from './dify.dto.js';
import { DifyAppInfoService } from './client/dify-app-info.service.js';

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
