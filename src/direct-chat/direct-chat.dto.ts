import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { CancelProof } from '../common/chat-event.js';
import { IdField, IntField, NestedListField, ObjectField, TextField } from '../common/fields.js';
import type { JsonObject } from '../common/json.js';
import { DifyFileDto } from '../dify/dify.dto.js';

const MAX_BODY = 1_048_576;
const INPUTS = {
  optional: true,
  description: 'For Dify apps, by the names of GET /api/teams/{id}/input-parameters; kept for the turns that follow',
  example: { city: 'Graz' },
};
const FILES = { optional: true, maxItems: 100, description: 'For Dify apps' };

/** One call for a whole turn. */
export class StreamChatDto {
  @TextField({ max: MAX_BODY, description: 'At most 60000 bytes of UTF-8', example: 'Say hello in three languages' })
  prompt!: string;

  @IdField({ optional: true, description: 'Or team_name; demo-team when both are missing' })
  team_id?: number;

  @TextField({ max: 100, optional: true, example: 'demo-team' })
  team_name?: string;

  @IdField({ optional: true, description: 'Appends a turn to this ended task of mine' })
  task_id?: number;

  @TextField({ max: 100, optional: true, description: "Name of a model, in place of the bot's" })
  model_id?: string;

  @TextField({ max: 500, optional: true })
  title?: string;

  @ObjectField(INPUTS)
  inputs?: JsonObject;

  @NestedListField(() => DifyFileDto, FILES)
  files?: DifyFileDto[];
}

/** Starts the waiting answer of a task, or a new turn of an ended one. */
export class StreamTaskDto {
  @TextField({ max: MAX_BODY, optional: true, description: 'The new turn; required when the task has ended' })
  prompt?: string;

  @TextField({ max: 60_000, optional: true, description: "Added to the bot's own prompt" })
  bot_prompt?: string;

  @ObjectField(INPUTS)
  inputs?: JsonObject;

  @NestedListField(() => DifyFileDto, FILES)
  files?: DifyFileDto[];
}

/** The answer to an `input_required` event. */
export class AppInputDto {
  @TextField({ max: 500, description: 'As the event has it' })
  form_token!: string;

  @TextField({ max: 200, description: "Id of one of the form's actions", example: 'approve' })
  action!: string;

  @ObjectField({ optional: true, description: "Values of the form's inputs by their names" })
  inputs?: Record<string, unknown>;
}

export class AppInputReplyDto {
  @ApiProperty() message!: string;
  @ApiProperty() task_id!: number;
  @ApiProperty() subtask_id!: number;
}

export class AttachQuery {
  @IntField({ min: 1, optional: true, query: true })
  subtask_id?: number;

  @TextField({ min: 0, max: 100, optional: true, description: 'For clients that cannot set the Last-Event-ID header' })
  last_event_id?: string;
}

export class CancelChatDto {
  @ApiProperty() message!: string;
  @ApiProperty() task_id!: number;
  @ApiProperty() subtask_id!: number;
  @ApiProperty({ enum: ['CANCELLED', 'CANCELLING'] }) status!: 'CANCELLED' | 'CANCELLING';
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'What was reached: provider_closed_ms?, dify_stop?, while (queued or running)',
  })
  proof?: CancelProof;
}

export class CheckChatDto {
  @ApiProperty() supports_direct_chat!: boolean;
  @ApiProperty({ type: [String] }) shell_types!: string[];
  @ApiProperty({ type: String, nullable: true, description: 'Why not' }) reason!: string | null;
}
