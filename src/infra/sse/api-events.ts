import { applyDecorators, type Type, UseGuards } from '@nestjs/common';
import { ApiExtraModels, ApiProduces, ApiResponse } from '@nestjs/swagger';
import type { SchemaObject } from '../../common/contracts/answer-schemas.js';
import { StreamLimitGuard } from './sse-streams.js';

const pathOf = (schema: string) => `#/components/schemas/${schema}`;

/**
 * A reply that is an event stream: its description, and the limit of open streams a user.
 * @param event the schema of one `data:` line
 * @param models DTOs that the schema refers to
 */
export function ApiEventStream(event: string, description: string, ...models: Type[]): MethodDecorator {
  const content = { 'text/event-stream': { schema: { $ref: pathOf(event) } } };

  return applyDecorators(
    UseGuards(StreamLimitGuard),
    ApiExtraModels(...models),
    ApiProduces('text/event-stream'),
    ApiResponse({ status: 200, description: `Server-sent events${description}`, content }),
  );
}

/** Component schemas of the OpenAPI document: the union of all events of a stream, and one for each type. */
export function eventComponents(
  name: string,
  description: string,
  schemas: Readonly<Record<string, SchemaObject>>,
): Record<string, SchemaObject> {
  const single = Object.entries(schemas).map(([type, schema]) => [`${name}_${type}`, schema] as const);
  const mapping = Object.fromEntries(Object.keys(schemas).map((type) => [type, pathOf(`${name}_${type}`)]));
  const oneOf = Object.values(mapping).map(($ref) => ({ $ref }));

  return {
    [name]: { description, oneOf, discriminator: { propertyName: 'type', mapping } },
    ...Object.fromEntries(single),
  };
}
