import { Body, Controller, Delete, Get, Param, Post, Put, Query, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AuthUser, CurrentUser } from '../auth/auth-user.js';
import { MessageDto, PageQuery } from '../common/page.js';
import { CacheInvalidationInterceptor } from '../infra/cache/cache-invalidation.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import {
  CreateModelDto,
  ModelDto,
  ModelListDto,
  UnifiedModelDto,
  UnifiedModelListDto,
  UnifiedModelQuery,
  UnifiedModelsQuery,
  UpdateModelDto,
} from './models.dto.js';
import { ModelsService } from './models.service.js';

@ApiTags('models')
@UseInterceptors(CacheInvalidationInterceptor)
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Controller('models')
export class ModelsController {
  constructor(private readonly models: ModelsService) {}

  /** My models and the public ones */
  @Get()
  list(@CurrentUser() user: AuthUser, @Query() query: PageQuery): Promise<ModelListDto> {
    return this.models.list(user.id, query);
  }

  /** Add a model of mine */
  @Post()
  @ApiCreatedResponse({ type: ModelDto })
  @ApiErrors('conflict', 'storage_quota_exceeded')
  create(@CurrentUser() user: AuthUser, @Body() body: CreateModelDto): Promise<ModelDto> {
    return this.models.create(user.id, body);
  }

  /** All models to choose from, as Wegent lists them */
  @Get('unified')
  unified(@CurrentUser() user: AuthUser, @Query() query: UnifiedModelsQuery): Promise<UnifiedModelListDto> {
    return this.models.unified(user.id, query);
  }

  /** One of them */
  @Get('unified/:name')
  @ApiOkResponse({ type: UnifiedModelDto })
  @ApiErrors('not_found')
  unifiedOne(
    @CurrentUser() user: AuthUser,
    @Param('name') name: string,
    @Query() query: UnifiedModelQuery,
  ): Promise<UnifiedModelDto> {
    return this.models.unifiedOne(user.id, name, query);
  }

  /** One model: mine of that name, else the public one */
  @Get(':name')
  @ApiOkResponse({ type: ModelDto })
  @ApiErrors('not_found')
  get(@CurrentUser() user: AuthUser, @Param('name') name: string): Promise<ModelDto> {
    return this.models.get(user.id, name);
  }

  /** Change a model of mine */
  @Put(':name')
  @ApiOkResponse({ type: ModelDto })
  @ApiErrors('not_found', 'forbidden')
  update(@CurrentUser() user: AuthUser, @Param('name') name: string, @Body() body: UpdateModelDto): Promise<ModelDto> {
    return this.models.update(user.id, name, body);
  }

  /** Delete a model of mine */
  @Delete(':name')
  @ApiOkResponse({ type: MessageDto })
  @ApiErrors('not_found', 'forbidden')
  delete(@CurrentUser() user: AuthUser, @Param('name') name: string): Promise<MessageDto> {
    return this.models.delete(user.id, name);
  }
}
