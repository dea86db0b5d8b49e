import { TextField } from '../common/fields.js';

export class LoginDto {
  /** @example admin */
  @TextField({ max: 64 })
  user_name!: string;

  @TextField({ max: 200, secret: true })
  password!: string;
}

export class TokenDto {
  /** JWT, valid for 7 days */
  access_token!: string;

  /** @example bearer */
  token_type!: string;
}
