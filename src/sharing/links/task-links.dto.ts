import { ApiProperty } from '@nestjs/swagger';
import type { LinkAccess } from '../../auth/tokens/task-link-tokens.js';
import { EnumField, IntField } from '../../common/fields.js';
import { RefusesUnknownFields } from '../../infra/http/server/validation.pipe.js';

export const ACCESSES = ['read', 'read_and_stop'] as const satisfies readonly LinkAccess[];
const WEEK_SECONDS = 604_800;

@RefusesUnknownFields()
export class CreateLinkDto {
  /** Whether the link may also stop the answer */
  @EnumField(ACCESSES)
  access!: LinkAccess;

  @IntField({ min: 60, max: WEEK_SECONDS, optional: true, default: 86_400 })
  expires_in_seconds: number = 86_400;
}

export class LinkDto {
  /** Everyone who has it can read the conversation. Shown once, stored nowhere */
  token!: string;

  /** Path of the page: `/shared/` and the token */
  path!: string;

  @ApiProperty({ enum: ACCESSES }) access!: LinkAccess;

  expires_at!: string;
}
