import { Body, Controller, Headers, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ApiOk } from '../infra/http/server/api-replies.js';
import { MessageDto } from '../common/page.js';
import { MaxBodyBytes } from '../infra/http/server/request-body.js';
import { AuthUser, bearerOf, CurrentUser, Public } from './auth-user.js';
import { LoginDto, TokenDto } from './auth.dto.js';
import { AuthService } from './auth.service.js';

/** Name and password, in any encoding of JSON. */
const MAX_LOGIN_BYTES = 4_096;

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  /** Log in by user name and password */
  @Post('login')
  @Public()
  @MaxBodyBytes(() => MAX_LOGIN_BYTES, { isOpen: true })
  @ApiOk(TokenDto, 'unauthorized', 'validation_failed', 'too_many_logins', 'service_unavailable')
  login(@Body() body: LoginDto, @Ip() address: string): Promise<TokenDto> {
    return this.auth.login(body, address);
  }

  /** End the token of this request */
  @Post('logout')
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOk(MessageDto, 'unauthorized', 'validation_failed')
  async logout(@CurrentUser() user: AuthUser, @Headers('authorization') header?: string): Promise<MessageDto> {
    await this.auth.logout(user, bearerOf(header));

    return { message: 'Logged out' };
  }

  /** End all my tokens, on all devices */
  @Post('logout-all')
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOk(MessageDto, 'unauthorized', 'validation_failed')
  async logoutAll(@CurrentUser() user: AuthUser): Promise<MessageDto> {
    await this.auth.logoutAll(user);

    return { message: 'Logged out everywhere' };
  }
}
