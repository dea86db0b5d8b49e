import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, type LoggerService, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { loadConfig } from '../../../config/app-config.js';
import { AppConfigModule } from '../../../config/config.module.js';
import { configureHttp, createAdapter } from './configure-http.js';

@Controller('bodies')
class BodiesController {
  @Post()
  post(@Body() body: unknown): unknown {
    return body;
  }
}

@Module({ imports: [AppConfigModule.for(loadConfig({}))], controllers: [BodiesController] })
class BodiesModule {}

describe('a body that breaks off', () => {
  let app: NestFastifyApplication;
  let lines: string[];

  beforeEach(async () => {
    lines = [];
    const add = (level: string) => (message: unknown) => void lines.push(`${level} ${String(message)}`);
    const logger: LoggerService = { log: () => undefined, error: add('error'), warn: add('warn'), debug: add('debug') };
    app = await NestFactory.create<NestFastifyApplication>(BodiesModule, createAdapter(), {
      logger,
      forceCloseConnections: true,
    });
    configureHttp(app);
    await app.listen(0, '127.0.0.1');
  });

  afterEach(() => app.close());

  it.each(['destroy', 'resetAndDestroy'] as const)('is a debug line: %s', async (end) => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const head = 'POST /api/bodies HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n';
    const arrived = once(app.getHttpServer() as NodeJS.EventEmitter, 'request');
    socket.write(`${head}{"a":`);
    await arrived;
    socket[end]();
    const ended = () => lines.some((line) => line.startsWith('debug POST /api/bodies'));
    while (!ended() && !lines.some((line) => line.startsWith('error'))) await new Promise((go) => setTimeout(go, 10));
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(lines).toContain('debug POST /api/bodies: its body broke off');
  });
});
