import { TextField } from '../../common/fields.js';
import type { SchemaObject } from '../../common/contracts/answer-schemas.js';
import { ApiEventStream, eventComponents } from '../../infra/sse/api-events.js';
import { SubtaskDto } from '../subtasks.dto.js';
import { TaskDto } from '../tasks.dto.js';
import type { TaskEvent } from './task-event.js';
import { RefusesUnknownFields } from '../../infra/http/server/validation.pipe.js';

@RefusesUnknownFields()
export class TaskEventsQuery {
  /** For clients that cannot set the Last-Event-ID header */
  @TextField({ min: 0, max: 100, optional: true })
  last_event_id?: string;
}

function event(type: TaskEvent['type'], dto: string, description: string): SchemaObject {
  return {
    type: 'object',
    description,
    required: ['type', type],
    properties: {
      type: { type: 'string', enum: [type] },
      [type]: { $ref: `#/components/schemas/${dto}` },
      result_omitted: {
        type: 'boolean',
        enum: [true],
        description: 'The result is too big for an event: it is null here, read it by GET /api/tasks/{id}',
      },
    },
    additionalProperties: false,
  };
}

const SCHEMAS: Record<TaskEvent['type'], SchemaObject> = {
  task: event('task', 'TaskDto', 'A task as it is now; upsert by its id. status DELETE: it is gone'),
  subtask: event('subtask', 'SubtaskDto', 'A subtask as it is now; upsert by its id'),
};

/** Component schemas of the OpenAPI document: `TaskEvent`, and one for each type. */
export function taskEventComponents(): Record<string, SchemaObject> {
  const description =
    'One `data:` line of a live stream of tasks. Changes that follow each other fast come as one event with the newest state.';

  return eventComponents('TaskEvent', description, SCHEMAS);
}

/** Describes a reply that is a live stream of tasks. */
export function ApiTaskEvents(): MethodDecorator {
  const description = ', resumable by their ids; a comment every 15 s keeps the connection open';

  return ApiEventStream('TaskEvent', description, TaskDto, SubtaskDto);
}
