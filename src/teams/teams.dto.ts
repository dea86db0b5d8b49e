import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { TeamBotSummaryDto } from '../bots/bots.dto.js';
import { BoolField, IdField, NestedField, NestedListField, TextField } from '../common/fields.js';
import { DIRECT_CHAT_SHELLS } from '../common/contracts/shell-types.js';
import type { TeamRow } from './teams.repository.js';

const optional = true;
const nullable = true;
const MAX_BOTS = 20;

export class TeamBotInput {
  @IdField()
  bot_id!: number;

  /** Added to the bot's own prompt in this team */
  @TextField({ min: 0, max: 60_000, optional, nullable })
  bot_prompt?: string | null;

  /** @example leader */
  @TextField({ min: 0, max: 100, optional, nullable })
  role?: string | null;
}

export class WorkflowInput {
  /**
   * solo, pipeline, route, coordinate, collaborate
   * @example pipeline
   */
  @TextField({ max: 50 })
  mode!: string;
}

export class CreateTeamDto {
  /** @example docs */
  @TextField({ max: 100 })
  name!: string;

  @NestedListField(() => TeamBotInput, { minItems: 1, maxItems: MAX_BOTS })
  bots!: TeamBotInput[];

  @NestedField(() => WorkflowInput, { optional, nullable })
  workflow?: WorkflowInput | null;

  /** Wegent clients send true */
  @BoolField({ optional })
  is_active?: boolean;
}

/** Left out: unchanged. */
export class UpdateTeamDto {
  @TextField({ max: 100, optional })
  name?: string;

  @NestedListField(() => TeamBotInput, { optional, minItems: 1, maxItems: MAX_BOTS })
  bots?: TeamBotInput[];

  @NestedField(() => WorkflowInput, { optional, nullable })
  workflow?: WorkflowInput | null;

  /** False is the same as deleting */
  @BoolField({ optional })
  is_active?: boolean;
}

export class TeamBotDto {
  bot_id!: number;

  bot_prompt!: string;

  role!: string;

  /** Null when the bot does not exist any more */
  bot!: TeamBotSummaryDto | null;
}

export class TeamDto {
  id!: number;

  name!: string;

  namespace!: string;

  display_name!: string | null;

  bots!: TeamBotDto[];

  @ApiProperty({ type: 'object', properties: { mode: { type: 'string' } } })
  workflow!: { mode: string };

  is_active!: boolean;

  /** 0 = public */
  user_id!: number;

  /** Shell type of the first bot, as Wegent's clients name it */
  agent_type!: string | null;

  /** Whether its bots have shells of several types */
  is_mix_team!: boolean;

  /** 0 = not shared */
  share_status!: number;

  /** Whether all its bots use a Chat or Dify shell: no answer waits for an executor. All teams can be streamed */
  supports_direct_chat!: boolean;

  created_at!: Date;

  updated_at!: Date;
}

/** Of many large ones in one list the last come without the prompts of their bots. */
export class ListedTeamDto extends TeamDto {
  /** Present when each `bot_prompt` was left out, which `GET /api/teams/{id}` has */
  @ApiPropertyOptional({ type: 'boolean', enum: [true] })
  details_omitted?: true;
}

export class TeamListDto {
  total!: number;

  items!: ListedTeamDto[];
}

/** Wegent's names of the shell types. */
const AGENT_TYPES: ReadonlyMap<string, string> = new Map([['ClaudeCode', 'claude']]);

export function toTeamDto(row: TeamRow, bots: ReadonlyMap<number, TeamBotSummaryDto>): TeamDto {
  const members = row.members.map((member) => ({ ...member, bot: bots.get(member.bot_id) ?? null }));
  const shellTypes = members.map(({ bot }) => bot?.shell_type ?? null);

  return {
    id: row.id,
    name: row.name,
    namespace: row.namespace,
    display_name: row.displayName,
    bots: members,
    workflow: { mode: row.mode },
    is_active: row.isActive,
    user_id: row.userId ?? 0,
    agent_type: agentType(shellTypes[0] ?? null),
    is_mix_team: new Set(shellTypes).size > 1,
    share_status: 0,
    supports_direct_chat: supportsDirectChat(shellTypes),
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

/** Whether all shells of a team answer without a container. */
function supportsDirectChat(shellTypes: readonly (string | null)[]): boolean {
  return shellTypes.length > 0 && shellTypes.every((type) => type !== null && DIRECT_CHAT_SHELLS.includes(type));
}

function agentType(shellType: string | null): string | null {
  return shellType && (AGENT_TYPES.get(shellType) ?? shellType.toLowerCase());
}
