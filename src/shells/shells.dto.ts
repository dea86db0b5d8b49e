import { BoolField, EnumField, TextField } from '../common/fields.js';
import { MAX_IMAGE_LENGTH } from '../common/image-reference.js';
import type { ShellState } from '../common/contracts/shell-types.js';
import type { ValidatedShell } from './shells.repository.js';
import { toValidationSummary, ValidationSummaryDto } from './validations/validation.dto.js';

const TYPES = ['public', 'user'] as const;
const optional = true;
const nullable = true;

export class UnifiedShellQuery {
  /** Which one, when both exist. Default: mine first */
  @EnumField(TYPES, { optional: true })
  shell_type?: 'public' | 'user';
}

export class CreateShellDto {
  /** @example my-image */
  @TextField({
    max: 100,
    pattern: /^[a-z0-9]+(?:-+[a-z0-9]+)*$/,
    patternMessage: 'must be lower-case letters, digits and "-", with a letter or digit at both ends',
  })
  name!: string;

  @TextField({ min: 0, max: 100, optional, nullable })
  displayName?: string | null;

  /**
   * A public shell that runs on executors
   * @example ClaudeCode
   */
  @TextField({ max: 100 })
  baseShellRef!: string;

  /** @example ghcr.io/acme/agent:1 */
  @TextField({ max: MAX_IMAGE_LENGTH })
  baseImage!: string;
}

/** Left out: unchanged. */
export class UpdateShellDto {
  @TextField({ min: 0, max: 100, optional, nullable })
  displayName?: string | null;

  /** Another image is validated anew */
  @TextField({ max: MAX_IMAGE_LENGTH, optional })
  baseImage?: string;
}

export class DeleteShellQuery {
  /** Although bots use it; they cannot run then */
  @BoolField({ optional: true, query: true })
  force?: boolean;
}

/** A shell as Wegent's web client knows it, and the state of its image. */
export class ShellDto {
  name!: string;

  type!: 'public' | 'user';

  displayName!: string | null;

  /** @example ClaudeCode */
  shellType!: string;

  baseImage!: string | null;

  baseShellRef!: string | null;

  /** Providers it can use; empty = any */
  supportModel!: string[];

  executionType!: 'local_engine' | 'external_api';

  /** Bots can work with an available one only. Pending: its image has not been validated yet */
  state!: ShellState;

  /** Why it is not available */
  stateReason!: string | null;

  /** The newest validation of its image */
  validation!: ValidationSummaryDto | null;
}

export class ShellListDto {
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
