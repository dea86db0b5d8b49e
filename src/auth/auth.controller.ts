import { Body, Controller, Ip, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiOk } from '../infra/http/server/api-replies.js';
import { MaxBodyBytes } from '../infra/http/server/request-body.js';
import { Public } from './auth-user.js';
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
  @ApiOk(TokenDto, 'unauthorized', 'validation_failed', 'too_many_logins')
  login(@Body() body: LoginDto, @Ip() address: string): Promise<TokenDto> {
    return this.auth.login(body, address);
  }
}
