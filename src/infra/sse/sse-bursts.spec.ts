import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type MessageEvent, Module, Res, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Observable } from 'rxjs';
import { loadConfig } from '../../config/app-config.js';
import { AppConfigModule } from '../../config/config.module.js';
import { throttleRequests } from '../http/server/event-loop-throttle.js';
import type { SseSource } from './sse-source.js';
import { SseModule, SseStreams } from './sse-streams.js';

const opened = new Set<SseSource>();

/** A source in which nothing happens. */
class QuietSource implements SseSource {
  readonly ended = false;

  constructor() {
    opened.add(this);
  }

  onReady = (): void => undefined;

  read(): null {
    return null;
  }

  close(): void {
    opened.delete(this);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

@Controller('events')
class QuietController {
  constructor(private readonly sse: SseStreams) {}

  /** Waits like handlers that read the database: clients leave meanwhile. */
  @Sse()
  async live(@Res({ passthrough: true }) reply: FastifyReply): Promise<Observable<MessageEvent>> {
    await pause(5);

    return this.sse.from(reply, async () => {
      await pause(5);

      return new QuietSource();
    });
  }
}

const config = AppConfigModule.for(loadConfig({ SSE_PING_MS: '500' }));

@Module({ imports: [config, SseModule], controllers: [QuietController] })
class QuietModule {}

const REQUEST = 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n';

type Leave = (socket: Socket) => unknown;

const WAYS: [string, Leave][] = [
  ['closed', (socket) => socket.destroy()],
  ['reset', (socket) => socket.resetAndDestroy()],
  ['half-closed', (socket) => socket.end()],
];

describe('event streams end with their connections', () => {
  let app: NestFastifyApplication;
  let sockets: Socket[] = [];

  beforeEach(async () => {
    app = await NestFactory.create(QuietModule, new FastifyAdapter(), { logger: false, forceCloseConnections: true });
    throttleRequests(app.getHttpAdapter().getInstance());
    await app.listen(0, '127.0.0.1');
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    await app.close();
  });

  async function dial(text: string): Promise<Socket> {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(text);

    return socket.resume();
  }

  async function untilOpen(count: number): Promise<void> {
    while (app.get(SseStreams).size !== count || opened.size !== count) await pause(10);
  }

  const dialAll = (count: number) => Promise.all(Array.from({ length: count }, () => dial(REQUEST)));

  describe.each(WAYS)('%s', (_name, leave) => {
    it.each([8, 64, 256])('a burst of %i, while it is opened', async (count) => {
      (await dialAll(count)).forEach(leave);
      const last = await dial(REQUEST);
      await once(last, 'data');
      await untilOpen(1);
    });

    it.each([8, 64, 256])('a burst of %i, later', async (count) => {
      const burst = await dialAll(count);
      await untilOpen(count);
      burst.forEach(leave);
      await untilOpen(0);
    });
  });

  it.each([2, 200])('%i pipelined on one connection', async (count) => {
    const socket = await dial(REQUEST.repeat(count));
    await untilOpen(count);
    socket.destroy();
    await untilOpen(0);
  });

  it('HEAD opens nothing, and has the status and no body', async () => {
    const next = 'GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const socket = await dial(`HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n${next}`);
    let text = '';
    for await (const part of socket) text += String(part);
    const [head, rest] = text.split(/(?<=\r\n\r\n)(?=HTTP)/);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*content-type: text\/event-stream\r\n[^]*\r\n\r\n$/i);
    expect(rest).toMatch(/^HTTP\/1\.1 404 /);
    expect(opened.size).toBe(0);
  });
});
