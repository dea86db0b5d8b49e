import { Body, Controller, Delete, Get, Post, Put, Query, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { MessageDto } from '../common/message.dto.js';
import { PageQuery } from '../common/page.js';
import { CacheInvalidationInterceptor } from '../infra/cache/cache-invalidation.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { CreateTeamDto, TeamDto, TeamListDto, UpdateTeamDto } from './teams.dto.js';
import { TeamsService } from './teams.service.js';

@ApiTags('teams')
@UseInterceptors(CacheInvalidationInterceptor)
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Controller('teams')
export class TeamsController {
  constructor(private readonly teams: TeamsService) {}

  @Get()
  @ApiOperation({ summary: 'My teams and the public ones' })
  @ApiOkResponse({ type: TeamListDto })
  list(@CurrentUser() user: AuthUser, @Query() query: PageQuery): Promise<TeamListDto> {
    return this.teams.list(user.id, query);
  }

  @Post()
  @ApiOperation({ summary: 'Add a team of mine' })
  @ApiCreatedResponse({ type: TeamDto })
  @ApiErrors('conflict')
  create(@CurrentUser() user: AuthUser, @Body() body: CreateTeamDto): Promise<TeamDto> {
    return this.teams.create(user.id, body);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One team' })
  @ApiOkResponse({ type: TeamDto })
  @ApiErrors('not_found')
  get(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<TeamDto> {
    return this.teams.get(user.id, id);
  }

  @Put(':id')
  @ApiOperation({ summary: 'Change a team of mine' })
  @ApiOkResponse({ type: TeamDto })
  @ApiErrors('not_found', 'forbidden', 'conflict')
  update(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: UpdateTeamDto): Promise<TeamDto> {
    return this.teams.update(user.id, id, body);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Delete a team of mine; its tasks stay' })
  @ApiOkResponse({ type: MessageDto })
  @ApiErrors('not_found', 'forbidden')
  delete(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<MessageDto> {
    return this.teams.delete(user.id, id);
  }
}
