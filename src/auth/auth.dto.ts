import { ApiProperty } from '@nestjs/swagger';
import { TextField } from '../common/fields.js';

export class LoginDto {
  @TextField({ max: 64, example: 'admin' })
  user_name!: string;

  @TextField({ max: 200, secret: true })
  password!: string;
}

export class TokenDto {
  @ApiProperty({ description: 'JWT, valid for 7 days' })
  access_token!: string;

  @ApiProperty({ example: 'bearer' })
  token_type!: string;
}
