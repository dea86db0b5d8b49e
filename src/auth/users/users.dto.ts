import { ApiProperty } from '@nestjs/swagger';
import { BoolField, EnumField, NestedListField, TextField } from '../../common/fields.js';
import { type GitAccount, MAX_ACCOUNTS } from '../git-accounts/git-accounts.js';
import type { UserRow } from './users.repository.js';
import { RefusesUnknownFields } from '../../infra/http/server/validation.pipe.js';

const ROLES = ['admin', 'user'] as const;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

const UserNameField = () =>
  TextField({
    max: 64,
    pattern: /^[A-Za-z0-9._-]+$/,
    patternMessage: 'may hold letters, digits, dots, underscores and hyphens',
    example: 'ann',
  });
const PasswordField = (optional = false) => TextField({ min: 8, max: 200, optional, secret: true });
const EmailField = () =>
  TextField({ max: 254, optional: true, nullable: true, pattern: EMAIL, patternMessage: 'must be an e-mail address' });

export class CreateUserDto {
  @UserNameField()
  user_name!: string;

  @PasswordField()
  password!: string;

  @EmailField()
  email?: string | null;

  @EnumField(ROLES, { optional: true, default: 'user' })
  role?: 'admin' | 'user';
}

const GitTextField = () => TextField({ min: 0, max: 254, optional: true });

/** An account at a git server. Executors get it for tasks that work on a repository of that domain. */
export class GitAccountDto implements GitAccount {
  /** @example github.com */
  @TextField({
    max: 254,
    pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/,
    patternMessage: 'must be a host name, with a port where needed',
  })
  git_domain!: string;

  /** Shown masked; a masked one that is sent back leaves the stored one alone. A new one is checked at its server */
  @TextField({ max: 4000 })
  git_token!: string;

  /** Kind of server: `github`, `gitlab` or `gitea`; may be left out for github.com, gitlab.com, gitea.com, codeberg.org */
  @GitTextField()
  type?: string;

  @GitTextField()
  user_name?: string;

  /** Set by the server of the account */
  @GitTextField()
  git_id?: string;

  /** Set by the server of the account */
  @GitTextField()
  git_login?: string;

  /** Author of commits; by default what the server of the account says */
  @GitTextField()
  git_email?: string;
}

/** What may be changed of an account. */
export class AccountFields {
  @EmailField()
  email?: string | null;

  @PasswordField(true)
  password?: string;
}

/** What users may change of themselves. */
export class UpdateMeDto extends AccountFields {
  /** Required to change the password or the e-mail address */
  @TextField({ max: 200, optional: true, secret: true })
  current_password?: string;

  /** Accounts to add, or to replace by their domain; all others stay */
  @NestedListField(() => GitAccountDto, { optional: true, maxItems: MAX_ACCOUNTS })
  git_info?: GitAccountDto[];
}

/** What admins may change of anybody. */
@RefusesUnknownFields()
export class UpdateUserDto extends AccountFields {
  @EnumField(ROLES, { optional: true })
  role?: 'admin' | 'user';

  @BoolField({ optional: true })
  is_active?: boolean;
}

export class UserDto {
  id!: number;

  user_name!: string;

  email!: string | null;

  is_active!: boolean;

  /** My own only, tokens masked; empty in lists of users */
  @ApiProperty({ type: [GitAccountDto] })
  git_info!: GitAccount[];

  @ApiProperty({ enum: ROLES })
  role!: string;

  created_at!: Date;

  updated_at!: Date;
}

export class UserListDto {
  total!: number;

  items!: UserDto[];
}

export function toUserDto(row: UserRow, gitInfo: GitAccount[] = []): UserDto {
  return {
    id: row.id,
    user_name: row.userName,
    email: row.email,
    is_active: row.isActive,
    git_info: gitInfo,
    role: row.role,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}
