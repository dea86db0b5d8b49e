import { Body, Delete, Get, Ip, Param, Post, Put, Query } from '@nestjs/common';
import { PageQuery } from '../../common/page.js';
import { ApiController, ApiCreated, ApiOk } from '../../infra/http/server/api-replies.js';
import { IdParam } from '../../infra/http/server/id.pipe.js';
import { AdminOnly, AuthUser, CurrentUser } from '../auth-user.js';
import { CreateUserDto, UpdateMeDto, UpdateUserDto, UserDto, UserListDto } from './users.dto.js';
import { OwnAccountService } from './own-account.service.js';
import { UsersService } from './users.service.js';

@ApiController('users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly own: OwnAccountService,
  ) {}

  /** Who am I */
  @Get('me')
  me(@CurrentUser() user: AuthUser): Promise<UserDto> {
    return this.users.me(user.id);
  }

  /**
   * Change my own e-mail address, password or git accounts. A new password ends all my sessions. New git tokens are
   * checked at their servers; when one cannot be asked, nothing is stored
   */
  @Put('me')
  @ApiOk(
    UserDto,
    ...(['forbidden', 'too_many_logins', 'too_many_probes', 'provider_blocked'] as const),
    ...(['provider_rate_limited', 'provider_unavailable', 'provider_timeout'] as const),
  )
  updateMe(@CurrentUser() user: AuthUser, @Body() body: UpdateMeDto, @Ip() address: string): Promise<UserDto> {
    return this.own.update(user, body, address);
  }

  /** Forget my account at a git server */
  @Delete('me/git-token/:git_domain')
  @ApiOk(UserDto, 'not_found')
  deleteGitToken(@CurrentUser() user: AuthUser, @Param('git_domain') domain: string): Promise<UserDto> {
    return this.users.deleteGitToken(user.id, domain);
  }

  /** All users (admins) */
  @Get()
  @AdminOnly()
  @ApiOk(UserListDto, 'forbidden')
  list(@Query() query: PageQuery): Promise<UserListDto> {
    return this.users.list(query);
  }

  /** Add a user (admins) */
  @Post()
  @AdminOnly()
  @ApiCreated(UserDto, 'forbidden', 'conflict')
  create(@Body() body: CreateUserDto): Promise<UserDto> {
    return this.users.create(body);
  }

  /** Change a user: role, active or not, password (admins). Deactivation and a new password end all sessions of the user */
  @Put(':id')
  @AdminOnly()
  @ApiOk(UserDto, 'forbidden', 'not_found', 'conflict')
  update(@CurrentUser() user: AuthUser, @IdParam() id: number, @Body() body: UpdateUserDto): Promise<UserDto> {
    return this.users.update(user.id, id, body);
  }
}
