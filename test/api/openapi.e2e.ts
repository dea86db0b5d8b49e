import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { SeedsModule } from '../../src/seeds/seeds.module.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/feature-app.js';

describe('the OpenAPI document', () => {
  let app: FeatureApp;
  let document: OpenAPIObject;

  beforeAll(async () => {
    app = await startFeatureApp({ modules: [SeedsModule] });
    document = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
  });
  afterAll(() => endAll(app));

  const calls = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
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

      return !operation.summary || !operation.tags?.length || !complete || replies.some(([, reply]) => !reply.content);
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
