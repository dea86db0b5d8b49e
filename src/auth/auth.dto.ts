import { EnumField, TextField } from '../common/fields.js';
import { RefusesUnknownFields } from '../infra/http/server/validation.pipe.js';

/** Where a refresh token goes: to browsers in a cookie, to programs in the reply. */
const REFRESH_WAYS = ['cookie', 'body'] as const;

export class LoginDto {
  /** @example admin */
  @TextField({ max: 64 })
  user_name!: string;

  @TextField({ max: 200, secret: true })
  password!: string;

  /** Where the refresh token comes: in a cookie that only browsers use, or as `refresh_token` of the reply */
  @EnumField(REFRESH_WAYS, { optional: true, default: 'cookie' })
  refresh?: 'cookie' | 'body';
}

@RefusesUnknownFields()
export class RefreshDto {
  /** Left out by browsers, whose cookie has it */
  @TextField({ max: 2_000, optional: true, secret: true })
  refresh_token?: string;
}

export class TokenDto {
  /** JWT for `Authorization: Bearer` */
  access_token!: string;

  /** @example bearer */
  token_type!: string;

  /**
   * Seconds until `access_token` expires (`ACCESS_TOKEN_TTL_SECONDS`)
   * @example 900
   */
  expires_in!: number;

  /** To be used once, for the next tokens; only when asked for in the body. Browsers have it in a cookie */
  refresh_token?: string;
}
