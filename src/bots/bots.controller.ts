import { Body, Delete, Get, Post, Put, Query, UseInterceptors } from '@nestjs/common';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { MessageDto, PageQuery } from '../common/page.js';
import { CacheInvalidationInterceptor } from '../infra/cache/cache-invalidation.js';
import { ApiController, ApiCreated, ApiOk } from '../infra/http/server/api-replies.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { BotDto, BotListDto, CreateBotDto, UpdateBotDto } from './bots.dto.js';
import { BotsService } from './bots.service.js';

@UseInterceptors(CacheInvalidationInterceptor)
@ApiController('bots')
export class BotsController {
  constructor(private readonly bots: BotsService) {}

  /** My bots and the public ones */
  @Get()
  list(@CurrentUser() user: AuthUser, @Query() query: PageQuery): Promise<BotListDto> {
    return this.bots.list(user.id, query);
  }

  /** Add a bot of mine */
  @Post()
  @ApiCreated(BotDto, 'conflict', 'storage_quota_exceeded')
  create(@CurrentUser() user: AuthUser, @Body() body: CreateBotDto): Promise<BotDto> {
    return this.bots.create(user.id, body);
  }

  /** One bot */
  @Get(':id')
  @ApiOk(BotDto, 'not_found')
  get(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<BotDto> {
    return this.bots.get(user.id, id);
  }

  /** Change a bot of mine */
  @Put(':id')
  @ApiOk(BotDto, 'not_found', 'forbidden', 'conflict')
  update(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: UpdateBotDto): Promise<BotDto> {
    return this.bots.update(user.id, id, body);
  }

  /** Delete a bot of mine; refused while a team uses it */
  @Delete(':id')
  @ApiOk(MessageDto, 'not_found', 'forbidden', 'conflict')
  delete(@CurrentUser() user: AuthUser, @IdParam() id: number): Promise<MessageDto> {
    return this.bots.delete(user.id, id);
  }
}
