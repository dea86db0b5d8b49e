import { ApiProperty } from '@nestjs/swagger';
import { BoolField, EnumField, TextField } from '../common/fields.js';
import type { UserRow } from './users.repository.js';

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

/** What users may change of themselves. */
export class UpdateMeDto {
  @EmailField()
  email?: string | null;

  @PasswordField(true)
  password?: string;
}

/** What admins may change of anybody. */
export class UpdateUserDto extends UpdateMeDto {
  @EnumField(ROLES, { optional: true })
  role?: 'admin' | 'user';

  @BoolField({ optional: true })
  is_active?: boolean;
}

export class UserDto {
  @ApiProperty()
  id!: number;

  @ApiProperty()
  user_name!: string;

  @ApiProperty({ type: String, nullable: true })
  email!: string | null;

  @ApiProperty()
  is_active!: boolean;

  @ApiProperty({ type: [Object], description: 'Kept for Wegent clients; always empty' })
  git_info!: object[];

  @ApiProperty({ enum: ROLES })
  role!: string;

  @ApiProperty()
  created_at!: Date;

  @ApiProperty()
  updated_at!: Date;
}

export class UserListDto {
  @ApiProperty()
  total!: number;

  @ApiProperty({ type: [UserDto] })
  items!: UserDto[];
}

export function toUserDto(row: UserRow): UserDto {
  return {
    id: row.id,
    user_name: row.userName,
    email: row.email,
    is_active: row.isActive,
    git_info: [],
    role: row.role,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}
