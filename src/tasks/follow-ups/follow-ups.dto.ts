import { ApiProperty } from '@nestjs/swagger';
import { AppInputsDto, DifyFileDto } from '../../common/app-inputs.dto.js';
import { TextField } from '../../common/fields.js';
import type { JsonObject } from '../../common/text/json.js';
import { RefusesUnknownFields } from '../../infra/http/server/validation.pipe.js';

const MAX_BODY = 1_048_576;

/** A prompt to queue behind the running turn. */
@RefusesUnknownFields()
export class NewFollowUpDto extends AppInputsDto {
  /** At most 60000 bytes of UTF-8 */
  @TextField({ max: MAX_BODY })
  prompt!: string;

  /** Name of a model, in place of the bot's */
  @TextField({ max: 100, optional: true })
  model_id?: string;
}

/** A queued prompt. */
export class FollowUpDto {
  id!: number;
  /** Empty when it has begun: the new turn has it */
  prompt!: string;
  model_id!: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true }) inputs!: JsonObject | null;
  @ApiProperty({ type: () => [DifyFileDto], nullable: true }) files!: DifyFileDto[] | null;
  created_at!: string;
  /** From 1, the next one to begin; 0 when it has begun or was deleted */
  @ApiProperty({ minimum: 0 }) position!: number;
}

/** Why queued prompts wait for their user, though nothing runs. */
export const PAUSE_REASONS = ['task_failed', 'task_cancelled', 'version_shown', 'refused'] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

export class FollowUpListDto {
  /** In the order in which they begin; at most 20 */
  items!: FollowUpDto[];
  /** They wait until POST /api/tasks/{id}/follow-ups/resume, another prompt, or the end of another turn */
  is_paused!: boolean;
  /** The last turn failed or was cancelled; another version is shown; or the next prompt was refused (see paused_message) */
  @ApiProperty({ type: String, enum: PAUSE_REASONS, nullable: true }) paused_reason!: PauseReason | null;
  /** Why the next prompt was refused; null for the other reasons */
  paused_message!: string | null;
}
