import { Controller, Get, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { AnnouncesCatalogChanges } from '../infra/catalog/catalog-changes.js';
import { ApiErrors } from '../infra/http/api-errors.js';
import { ShellDto, ShellListDto, UnifiedShellQuery } from './shells.dto.js';
import { ShellsService } from './shells.service.js';

@ApiTags('shells')
@UseInterceptors(AnnouncesCatalogChanges)
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Controller('shells')
export class ShellsController {
  constructor(private readonly shells: ShellsService) {}

  @Get('unified')
  @ApiOperation({ summary: 'My shells and the public ones' })
  @ApiOkResponse({ type: ShellListDto })
  unified(@CurrentUser() user: AuthUser): Promise<ShellListDto> {
    return this.shells.unified(user.id);
  }

  @Get('unified/:name')
  @ApiOperation({ summary: 'One of them' })
  @ApiOkResponse({ type: ShellDto })
  @ApiErrors('not_found')
  unifiedOne(
    @CurrentUser() user: AuthUser,
    @Param('name') name: string,
    @Query() query: UnifiedShellQuery,
  ): Promise<ShellDto> {
    return this.shells.unifiedOne(user.id, name, query);
  }
}
