import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { endAll } from '../support/child.js';
import { startConch, type Conch } from '../support/conch.js';

const FEATURES = /^\/api\/(auth|users|models|shells|bots|teams)\b/;

/** Of a compiled server: the build generates what types and comments say. */
describe('the OpenAPI document', () => {
  let server: Conch | undefined;
  let document: OpenAPIObject;

  beforeAll(async () => {
    server = await startConch({ SIMULATOR: 'off' });
    document = (await server.api.get<OpenAPIObject>('/openapi.json')).body;
  });
  afterAll(() => endAll(server));

  const calls = () =>
    Object.entries(document.paths)
      .filter(([path]) => FEATURES.test(path))
      .flatMap(([path, item]) =>
        Object.entries(item).map(([method, operation]) => ({
          call: `${method.toUpperCase()} ${path}`,
          operation: operation as Operation,
        })),
      );

  interface Operation {
    summary?: string;
    tags?: string[];
    responses: Record<string, { content?: unknown }>;
  }

  it('has the calls of accounts, models, shells, bots and teams', () => {
    expect(calls().map(({ call }) => call)).toEqual(
      expect.arrayContaining([
        'POST /api/auth/login',
        'PUT /api/users/me',
        'GET /api/models/unified/{name}',
        'GET /api/shells/unified',
        'DELETE /api/bots/{id}',
        'GET /api/teams/{id}',
      ]),
    );
  });

  it('gives each call a summary, a tag, a reply and its errors, all with a schema', () => {
    const poor = calls().filter(({ operation }) => {
      const replies = Object.entries(operation.responses);
      const complete = replies.some(([status]) => status < '300') && replies.some(([status]) => status === '422');

      return (
        !operation.summary ||
        !operation.tags?.length ||
        !complete ||
        replies.some(([status, reply]) => status !== '204' && !reply.content)
      );
    });

    expect(poor.map(({ call }) => call)).toEqual([]);
  });

  it('lists exactly the fields without which a request is refused as required', () => {
    const schemas = document.components?.schemas as Record<string, { required?: string[] }>;

    expect(schemas.CreateModelDto?.required?.sort()).toEqual(['modelId', 'name', 'provider']);
    expect(schemas.CreateBotDto?.required?.sort()).toEqual(['name', 'shell_name']);
    expect(schemas.CreateTeamDto?.required?.sort()).toEqual(['bots', 'name']);
    expect(schemas.UpdateBotDto?.required ?? []).toEqual([]);
    expect(schemas.ModelParametersDto?.required ?? []).toEqual([]);
  });
});
