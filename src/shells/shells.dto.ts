import { ApiProperty } from '@nestjs/swagger';
import { EnumField } from '../common/fields.js';
import type { ShellRow } from './shells.repository.js';

const TYPES = ['public', 'user'] as const;

export class UnifiedShellQuery {
  @EnumField(TYPES, { optional: true, description: 'Which one, when both exist. Default: mine first' })
  shell_type?: 'public' | 'user';
}

/** A shell as Wegent's web client knows it. */
export class ShellDto {
  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: TYPES })
  type!: 'public' | 'user';

  @ApiProperty({ type: String, nullable: true })
  displayName!: string | null;

  @ApiProperty({ example: 'ClaudeCode' })
  shellType!: string;

  @ApiProperty({ type: String, nullable: true })
  baseImage!: string | null;

  @ApiProperty({ type: String, nullable: true })
  baseShellRef!: string | null;

  @ApiProperty({ type: [String], description: 'Providers it can use; empty = any' })
  supportModel!: string[];

  @ApiProperty({ enum: ['local_engine', 'external_api'] })
  executionType!: 'local_engine' | 'external_api';
}

export class ShellListDto {
  @ApiProperty({ type: [ShellDto] })
  data!: ShellDto[];
}

export function toShellDto(row: ShellRow): ShellDto {
  return {
    name: row.name,
    type: row.userId === null ? 'public' : 'user',
    displayName: row.displayName,
    shellType: row.shellType,
    baseImage: row.baseImage,
    baseShellRef: row.baseShellRef,
    supportModel: row.supportModel,
    executionType: row.executionType,
  };
}
