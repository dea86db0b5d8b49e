import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiOk } from '../infra/http/server/api-replies.js';
import { MessageDto } from '../common/page.js';
import { MaxBodyBytes } from '../infra/http/server/request-body.js';
import { AuthUser, CurrentUser, Public } from './auth-user.js';
import { LoginDto, RefreshDto, TokenDto } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { clearRefreshCookie } from './sessions/session-cookie.js';
import { SessionReplies } from './sessions/session-replies.js';

/** Name and password in any encoding of JSON, or a refresh token. */
const SmallBody = () => MaxBodyBytes(() => 4_096, { isOpen: true });

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly sessions: SessionReplies,
  ) {}

  /** Log in by user name and password */
  @Post('login')
  @Public()
  @SmallBody()
  @ApiOk(TokenDto, 'unauthorized', 'validation_failed', 'too_many_logins', 'service_unavailable')
  login(
    @Body() body: LoginDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenDto> {
    return this.sessions.logIn(body, request.ip, reply);
  }

  /**
   * Exchange a refresh token for new tokens, by the cookie or the body. Each one is used once: a second use, more than 10
   * seconds later, ends the session
   */
  @Post('refresh')
  @Public()
  @SmallBody()
  @ApiBody({ type: RefreshDto, required: false })
  @ApiOk(TokenDto, 'unauthorized', 'forbidden', 'validation_failed', 'too_many_requests', 'service_unavailable')
  refresh(
    @Body() body: RefreshDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenDto> {
    return this.sessions.refresh(body, request, reply);
  }

  /** End the session of this request, which its token shows or, after that has expired, the cookie */
  @Post('logout')
  @Public()
  @SmallBody()
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOk(MessageDto, 'unauthorized', 'forbidden', 'validation_failed')
  async logout(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<MessageDto> {
    await this.sessions.logOut(request, reply);

    return { message: 'Logged out' };
  }

  /** End all my sessions, on all devices */
  @Post('logout-all')
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOk(MessageDto, 'unauthorized', 'validation_failed')
  async logoutAll(@CurrentUser() user: AuthUser, @Res({ passthrough: true }) reply: FastifyReply): Promise<MessageDto> {
    await this.auth.logoutAll(user);
    clearRefreshCookie(reply);

    return { message: 'Logged out everywhere' };
  }
}
