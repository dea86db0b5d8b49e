import { Body, Controller, Delete, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PageQuery } from '../common/page.js';
import { ApiErrors } from '../infra/http/server/api-errors.js';
import { IdParam } from '../infra/http/server/id.pipe.js';
import { AdminOnly, AuthUser, CurrentUser } from './auth-user.js';
import { CreateUserDto, UpdateMeDto, UpdateUserDto, UserDto, UserListDto } from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('users')
@ApiBearerAuth()
@ApiErrors('unauthorized', 'validation_failed')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get('me')
  @ApiOperation({ summary: 'Who am I' })
  @ApiOkResponse({ type: UserDto })
  me(@CurrentUser() user: AuthUser): Promise<UserDto> {
    return this.users.me(user.id);
  }

  @Put('me')
  @ApiOperation({ summary: 'Change my own e-mail address, password or git accounts' })
  @ApiOkResponse({ type: UserDto })
  updateMe(@CurrentUser() user: AuthUser, @Body() body: UpdateMeDto): Promise<UserDto> {
    return this.users.updateMe(user.id, body);
  }

  @Delete('me/git-token/:git_domain')
  @ApiOperation({ summary: 'Forget my account at a git server' })
  @ApiOkResponse({ type: UserDto })
  @ApiErrors('not_found')
  deleteGitToken(@CurrentUser() user: AuthUser, @Param('git_domain') domain: string): Promise<UserDto> {
    return this.users.deleteGitToken(user.id, domain);
  }

  @Get()
  @AdminOnly()
  @ApiOperation({ summary: 'All users (admins)' })
  @ApiOkResponse({ type: UserListDto })
  @ApiErrors('forbidden')
  list(@Query() query: PageQuery): Promise<UserListDto> {
    return this.users.list(query);
  }

  @Post()
  @AdminOnly()
  @ApiOperation({ summary: 'Add a user (admins)' })
  @ApiCreatedResponse({ type: UserDto })
  @ApiErrors('forbidden', 'conflict')
  create(@Body() body: CreateUserDto): Promise<UserDto> {
    return this.users.create(body);
  }

  @Put(':id')
  @AdminOnly()
  @ApiOperation({ summary: 'Change a user: role, active or not, password (admins)' })
  @ApiOkResponse({ type: UserDto })
  @ApiErrors('forbidden', 'not_found', 'conflict')
  update(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: UpdateUserDto): Promise<UserDto> {
    return this.users.update(user.id, id, body);
  }
}
