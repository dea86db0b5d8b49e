import { ApiProperty } from '@nestjs/swagger';
import type { CancelProof } from '../common/contracts/chat-event.js';
import { AppInputsDto } from '../common/app-inputs.dto.js';
import { IdField, IntField, ObjectField, TextField } from '../common/fields.js';
import { RefusesUnknownFields } from '../infra/http/server/validation.pipe.js';

const MAX_BODY = 1_048_576;

/** One call for a whole turn. */
@RefusesUnknownFields()
export class StreamChatDto extends AppInputsDto {
  /**
   * At most 60000 bytes of UTF-8
   * @example "Say hello in three languages"
   */
  @TextField({ max: MAX_BODY })
  prompt!: string;

  /** Or team_name; demo-team when both are missing */
  @IdField({ optional: true })
  team_id?: number;

  /** @example demo-team */
  @TextField({ max: 100, optional: true })
  team_name?: string;

  /** Appends a turn to this ended task of mine */
  @IdField({ optional: true })
  task_id?: number;

  /** Name of a model, in place of the bot's */
  @TextField({ max: 100, optional: true })
  model_id?: string;

  @TextField({ max: 500, optional: true })
  title?: string;
}

/** Starts the waiting answer of a task, or a new turn of an ended one. */
@RefusesUnknownFields()
export class StreamTaskDto extends AppInputsDto {
  /** The new turn; required when the task has ended */
  @TextField({ max: MAX_BODY, optional: true })
  prompt?: string;

  /** Added to the bot's own prompt */
  @TextField({ max: 60_000, optional: true })
  bot_prompt?: string;
}

/** The answer to an `input_required` event. */
@RefusesUnknownFields()
export class AppInputDto {
  /** As the event has it */
  @TextField({ max: 500 })
  form_token!: string;

  /**
   * Id of one of the form's actions
   * @example approve
   */
  @TextField({ max: 200 })
  action!: string;

  /** Values of the form's inputs by their names */
  @ObjectField({ optional: true })
  inputs?: Record<string, unknown>;
}

export class AppInputReplyDto {
  message!: string;
  task_id!: number;
  subtask_id!: number;
}

@RefusesUnknownFields()
export class AttachQuery {
  @IntField({ min: 1, optional: true, query: true })
  subtask_id?: number;

  /** For clients that cannot set the Last-Event-ID header */
  @TextField({ min: 0, max: 100, optional: true })
  last_event_id?: string;
}

export class CancelChatDto {
  message!: string;
  task_id!: number;
  subtask_id!: number;
  status!: 'CANCELLED' | 'CANCELLING';
  /** What was reached: provider_closed_ms?, dify_stop?, while (queued or running) */
  @ApiProperty({ type: 'object', additionalProperties: true })
  proof?: CancelProof;
}

export class CheckChatDto {
  /** Whether all its bots use a Chat or Dify shell: no answer waits for an executor. All teams can be streamed */
  supports_direct_chat!: boolean;
  shell_types!: string[];
  /** Why not: which shells need executors */
  reason!: string | null;
}
