import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { DrizzleQueryError } from 'drizzle-orm';
import { AppError } from '../../src/common/app-error.js';
import { endAll } from '../support/child.js';
import { FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

@Controller('boom')
class BoomController {
  @Get('unknown')
  unknown(): never {
    throw new Error('the password is swordfish');
  }

  @Get('database')
  database(): never {
    const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), { code: 'ECONNREFUSED' });
    throw new DrizzleQueryError('select 1', [], cause);
  }

  @Get('limited')
  limited(): never {
    throw new AppError('too_many_chats', 'Come back later', { retryAfter: 1.2 });
  }
}

@Module({ controllers: [BoomController] })
class BoomModule {}

describe('error replies', () => {
  let app: FeatureApp;

  beforeAll(async () => {
    app = await startFeatureApp({ modules: [BoomModule] });
  });
  afterAll(() => endAll(app));

  const post = (payload: string | Buffer, contentType: string) =>
    app.send('POST', '/auth/login', payload, { 'content-type': contentType });

  it.each([
    ['broken JSON', '{"a":', 'application/json', 400, 'bad_request'],
    ['no body at all', '', 'application/json', 422, 'validation_failed'],
    ['a poisoned prototype', '{"__proto__":{"a":1}}', 'application/json', 400, 'bad_request'],
    ['another media type', 'a=b', 'text/csv', 415, 'unsupported_media_type'],
    ['too large a body', JSON.stringify({ a: 'x'.repeat(1_100_000) }), 'application/json', 413, 'payload_too_large'],
    ['an array', '[{"user_name":"a"}]', 'application/json', 422, 'validation_failed'],
    ['a number', '5', 'application/json', 422, 'validation_failed'],
    ['null', 'null', 'application/json', 422, 'validation_failed'],
    [
      'endless nesting',
      `{"user_name":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
      'application/json',
      422,
      'validation_failed',
    ],
  ])('answers %s', async (_case, payload, contentType, status, code) => {
    const reply = await post(payload, contentType);
    const body = JSON.parse(reply.text) as Record<string, unknown>;

    expect([reply.status, body.code]).toEqual([status, code]);
    expect(body).toMatchObject({ statusCode: status, detail: body.message, request_id: reply.headers['x-request-id'] });
  });

  it('survives text that is not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"user_name":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('","password":"x"}'),
    ]);
    const { status } = await post(bytes, 'application/json');

    expect([400, 401]).toContain(status);
  });

  it.each([
    ['GET /nowhere', 404, 'not_found'],
    ['DELETE /users/me', 404, 'not_found'],
    ['GET /users/%zz', 400, 'bad_request'],
  ])('answers %s', async (call, status, code) => {
    const { status: actual, body } = await app.fail(call);

    expect([actual, body.code]).toEqual([status, code]);
    expect(body.detail).toBe(body.message);
  });

  it('tells nothing about an unknown error', async () => {
    const { status, body } = await app.fail('GET /boom/unknown');

    expect([status, body.code, body.message]).toEqual([500, 'internal', 'Internal error']);
  });

  it('answers 503 while the database does not answer', async () => {
    const { status, body, headers } = await app.fail('GET /boom/database');

    expect([status, body.code, headers['retry-after']]).toEqual([503, 'service_unavailable', '2']);
    expect(body.message).not.toContain('10.0.0.1');
  });

  it('sends Retry-After in whole seconds', async () => {
    const { status, headers } = await app.fail('GET /boom/limited');

    expect([status, headers['retry-after']]).toEqual([429, '2']);
  });

  it('takes over a sane request id only', async () => {
    const sane = await app.fail('GET /nowhere', { headers: { 'x-request-id': 'trace-1:2.3' } });
    const insane = await app.fail('GET /nowhere', { headers: { 'x-request-id': '<script>' } });

    expect(sane.body.request_id).toBe('trace-1:2.3');
    expect(sane.headers['x-request-id']).toBe('trace-1:2.3');
    expect(insane.body.request_id).toMatch(/^[0-9a-f-]{36}$/);
  });
});
