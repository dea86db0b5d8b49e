import { Body, Delete, Get, Param, Post, Put, Query, UseInterceptors } from '@nestjs/common';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { MessageDto } from '../common/page.js';
import { CacheInvalidationInterceptor } from '../infra/cache/cache-invalidation.js';
import { ApiController, ApiCreated, ApiOk } from '../infra/http/server/api-replies.js';
import {
  CreateShellDto,
  DeleteShellQuery,
  ShellDto,
  ShellListDto,
  UnifiedShellQuery,
  UpdateShellDto,
} from './shells.dto.js';
import { ShellsService } from './shells.service.js';

@UseInterceptors(CacheInvalidationInterceptor)
@ApiController('shells')
export class ShellsController {
  constructor(private readonly shells: ShellsService) {}

  /** My shells and the public ones */
  @Get('unified')
  unified(@CurrentUser() user: AuthUser): Promise<ShellListDto> {
    return this.shells.unified(user.id);
  }

  /** One of them */
  @Get('unified/:name')
  @ApiOk(ShellDto, 'not_found')
  unifiedOne(
    @CurrentUser() user: AuthUser,
    @Param('name') name: string,
    @Query() query: UnifiedShellQuery,
  ): Promise<ShellDto> {
    return this.shells.unifiedOne(user.id, name, query);
  }

  /** Add a shell of mine: an image of my own, which is validated at once */
  @Post()
  @ApiCreated(ShellDto, 'conflict', 'storage_quota_exceeded')
  create(@CurrentUser() user: AuthUser, @Body() body: CreateShellDto): Promise<ShellDto> {
    return this.shells.create(user.id, body);
  }

  /** Change a shell of mine; another image is validated at once */
  @Put(':name')
  @ApiOk(ShellDto, 'not_found', 'forbidden')
  update(@CurrentUser() user: AuthUser, @Param('name') name: string, @Body() body: UpdateShellDto): Promise<ShellDto> {
    return this.shells.update(user.id, name, body);
  }

  /** Delete a shell of mine; refused while bots use it, unless forced */
  @Delete(':name')
  @ApiOk(MessageDto, 'not_found', 'forbidden', 'conflict')
  delete(
    @CurrentUser() user: AuthUser,
    @Param('name') name: string,
    @Query() query: DeleteShellQuery,
  ): Promise<MessageDto> {
    return this.shells.delete(user.id, name, query.force ?? false);
  }
}
