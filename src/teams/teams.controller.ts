import { Body, Delete, Get, Post, Put, Query, UseInterceptors } from '@nestjs/common';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { MessageDto, PageQuery } from '../common/page.js';
import { CacheInvalidationInterceptor } from '../infra/cache/cache-invalidation.js';
import { ApiController, ApiCreated, ApiOk } from '../infra/http/server/api-replies.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { CreateTeamDto, TeamDto, TeamListDto, UpdateTeamDto } from './teams.dto.js';
import { TeamsService } from './teams.service.js';

@UseInterceptors(CacheInvalidationInterceptor)
@ApiController('teams')
export class TeamsController {
  constructor(private readonly teams: TeamsService) {}

  /** My teams and the public ones */
  @Get()
  list(@CurrentUser() user: AuthUser, @Query() query: PageQuery): Promise<TeamListDto> {
    return this.teams.list(user.id, query);
  }

  /** Add a team of mine */
  @Post()
  @ApiCreated(TeamDto, 'conflict', 'storage_quota_exceeded')
  create(@CurrentUser() user: AuthUser, @Body() body: CreateTeamDto): Promise<TeamDto> {
    return this.teams.create(user.id, body);
  }

  /** One team */
  @Get(':id')
  @ApiOk(TeamDto, 'not_found')
  get(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<TeamDto> {
    return this.teams.get(user.id, id);
  }

  /** Change a team of mine */
  @Put(':id')
  @ApiOk(TeamDto, 'not_found', 'forbidden', 'conflict')
  update(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: UpdateTeamDto): Promise<TeamDto> {
    return this.teams.update(user.id, id, body);
  }

  /** Delete a team of mine; its tasks stay */
  @Delete(':id')
  @ApiOk(MessageDto, 'not_found', 'forbidden')
  delete(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<MessageDto> {
    return this.teams.delete(user.id, id);
  }
}
