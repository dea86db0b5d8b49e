import { ApiProperty } from '@nestjs/swagger';
import { BoolField, EnumField, TextField } from '../common/fields.js';
import { MAX_IMAGE_LENGTH } from '../common/image-reference.js';
import type { ShellState } from '../common/shell-types.js';
import type { ValidatedShell } from './shells.repository.js';
import { toValidationSummary, ValidationSummaryDto } from './validations/validation.dto.js';

const TYPES = ['public', 'user'] as const;
const optional = true;
const nullable = true;

export class UnifiedShellQuery {
  @EnumField(TYPES, { optional: true, description: 'Which one, when both exist. Default: mine first' })
  shell_type?: 'public' | 'user';
}

export class CreateShellDto {
  @TextField({
    max: 100,
    pattern: /^[a-z0-9]+(?:-+[a-z0-9]+)*$/,
    patternMessage: 'must be lower-case letters, digits and "-", with a letter or digit at both ends',
    example: 'my-image',
  })
  name!: string;

  @TextField({ min: 0, max: 100, optional, nullable })
  displayName?: string | null;

  @TextField({ max: 100, example: 'ClaudeCode', description: 'A public shell that runs on executors' })
  baseShellRef!: string;

  @TextField({ max: MAX_IMAGE_LENGTH, example: 'ghcr.io/acme/agent:1' })
  baseImage!: string;
}

/** Left out: unchanged. */
export class UpdateShellDto {
  @TextField({ min: 0, max: 100, optional, nullable })
  displayName?: string | null;

  @TextField({ max: MAX_IMAGE_LENGTH, optional, description: 'Another image is validated anew' })
  baseImage?: string;
}

export class DeleteShellQuery {
  @BoolField({ optional: true, query: true, description: 'Although bots use it; they cannot run then' })
  force?: boolean;
}

/** A shell as Wegent's web client knows it, and the state of its image. */
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

  @ApiProperty({
    enum: ['Pending', 'Available', 'Unavailable'],
    description: 'Bots can work with an available one only. Pending: its image has not been validated yet',
  })
  state!: ShellState;

  @ApiProperty({ type: String, nullable: true, description: 'Why it is not available' })
  stateReason!: string | null;

  @ApiProperty({ type: ValidationSummaryDto, nullable: true, description: 'The newest validation of its image' })
  validation!: ValidationSummaryDto | null;
}

export class ShellListDto {
  @ApiProperty({ type: [ShellDto] })
  data!: ShellDto[];
}

export function toShellDto(row: ValidatedShell): ShellDto {
  return {
    name: row.name,
    type: row.userId === null ? 'public' : 'user',
    displayName: row.displayName,
    shellType: row.shellType,
    baseImage: row.baseImage,
    baseShellRef: row.baseShellRef,
    supportModel: row.supportModel,
    executionType: row.executionType,
    state: row.state,
    stateReason: row.stateReason,
    validation: row.validation && toValidationSummary(row.validation),
  };
}
