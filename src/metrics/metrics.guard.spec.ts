import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { loadConfig } from '../config/app-config.js';
import { AppConfigModule } from '../config/config.module.js';
import { AppErrorFilter } from '../infra/http/server/app-error.filter.js';
import { MetricsModule } from './metrics.module.js';

@Module({})
class RootModule {}

const JWT = { AUTH_MODE: 'jwt' };
const TOKEN = 'the token of this test';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('who may read metrics', () => {
  let app: NestFastifyApplication;

  afterEach(() => app.close());

  it.each([
    ['answers all, without authentication', {}, { 'x-forwarded-for': '10.0.0.9' }, 200],
    ['answers callers on this machine', JWT, {}, 200],
    ['refuses a caller behind a proxy', JWT, { 'x-forwarded-for': '127.0.0.1' }, 401],
    ['refuses another host name', JWT, { host: 'stranger.example' }, 401],
    ['refuses this machine without the token', { ...JWT, METRICS_TOKEN: TOKEN }, {}, 401],
    ['refuses another token', { ...JWT, METRICS_TOKEN: TOKEN }, bearer(`${TOKEN}s`.replaceAll(' ', '-')), 401],
    [
      'answers callers with the token',
      { METRICS_TOKEN: TOKEN.replaceAll(' ', '-') },
      bearer(TOKEN.replaceAll(' ', '-')),
      200,
    ],
  ])('%s', async (_who, environment, headers, status) => {
    const module = { module: RootModule, imports: [AppConfigModule.for(loadConfig(environment)), MetricsModule] };
    app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    app.useGlobalFilters(new AppErrorFilter());
    await app.listen(0, '127.0.0.1');
    const [reply] = (await once(get(`${await app.getUrl()}/metrics`, { headers }), 'response')) as [IncomingMessage];
    const text = (await reply.toArray()).join('');
    expect([reply.statusCode, text.includes('process_cpu')]).toEqual([status, status === 200]);
  });
});
