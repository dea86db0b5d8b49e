import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProduces, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { TextField } from '../../common/fields.js';
import { ValidationDto } from './validation.dto.js';

export class ValidationEventsQuery {
  /** For clients that cannot set the Last-Event-ID header */
  @TextField({ min: 0, max: 100, optional: true })
  last_event_id?: string;
}

/** One `data:` line: the validation as it is now. */
export class ValidationEventDto extends ValidationDto {
  type!: 'validation';
}

/** Describes a reply that is a live stream of one validation. */
export function ApiValidationEvents(): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(ValidationEventDto),
    ApiProduces('text/event-stream'),
    ApiResponse({
      status: 200,
      description: 'Server-sent events, resumable by their ids; the stream ends with the status completed',
      content: { 'text/event-stream': { schema: { $ref: getSchemaPath(ValidationEventDto) } } },
    }),
  );
}
