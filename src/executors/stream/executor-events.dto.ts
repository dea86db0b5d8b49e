import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsObject } from 'class-validator';
import { IntField, TextField } from '../../common/fields.js';
import type { JsonObject } from '../../common/text/json.js';
import { RepairsTexts } from '../../infra/http/server/validation.pipe.js';
import { REPORTED_EVENTS } from './reported-events.js';

export const MAX_EVENTS = 256;

/** Events of an answer while an executor gives it, numbered from 1 without gaps for each claim. */
@RepairsTexts()
export class ExecutorEventsDto {
  @TextField({ min: 0, max: 500, optional: true, nullable: true })
  executor_name?: string | null;

  /** Number of the first event; of an empty list the next one */
  @IntField({ min: 1 })
  first!: number;

  /** As clients receive them. Empty: a heartbeat */
  @ApiProperty({
    type: 'array',
    maxItems: MAX_EVENTS,
    items: { oneOf: REPORTED_EVENTS.map((type) => ({ $ref: getSchemaPath(`ChatEvent_${type}`) })) },
  })
  @IsArray()
  @ArrayMaxSize(MAX_EVENTS)
  @IsObject({ each: true })
  events!: JsonObject[];
}

/** What was stored of an executor's events. */
export class EventsReceiptDto {
  subtask_id!: number;

  /** Number of the newest event of this claim that is stored: events up to it need not be sent again */
  last!: number;

  lease_expires_at!: Date;

  /** True: stop, and report CANCELLED */
  cancelling!: boolean;
}
