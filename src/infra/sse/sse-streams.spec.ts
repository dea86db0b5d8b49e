import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, type MessageEvent, Module, RequestMethod, Res, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import type { Observable } from 'rxjs';
import { loadConfig } from '../../config/app-config.js';
import { AppConfigModule } from '../../config/config.module.js';
import { ApiEventStream } from './api-events.js';
import type { SseSource } from './sse-source.js';
import { SseModule, SseStreams } from './sse-streams.js';

const LARGE = 'x'.repeat(1024);

/** A source that the test feeds. */
@Injectable()
class Feed implements SseSource {
  closed = 0;
  pending: MessageEvent[] = [];
  private isLast = false;
  onReady = (): void => undefined;

  get ended(): boolean {
    return this.isLast && this.pending.length === 0;
  }

  read(): MessageEvent[] | null {
    const events = this.pending.splice(0, 64);

    return events.length > 0 ? events : null;
  }

  close(): void {
    this.closed += 1;
  }

  push(...events: MessageEvent[]): void {
    this.pending.push(...events);
    this.onReady();
  }

  end(): void {
    this.isLast = true;
    this.onReady();
  }
}

@Controller('events')
class EventsController {
  constructor(
    private readonly feed: Feed,
    private readonly sse: SseStreams,
  ) {}

  @Sse('', { method: RequestMethod.POST })
  @ApiEventStream('Event', '')
  live(@Res({ passthrough: true }) reply: FastifyReply): Observable<MessageEvent> {
    return this.sse.from(reply, () => Promise.resolve(this.feed));
  }

  @Sse('broken')
  broken(@Res({ passthrough: true }) reply: FastifyReply): Observable<MessageEvent> {
    return this.sse.from(reply, () => Promise.reject(new Error('the store does not answer')));
  }

  @Sse('nothing')
  nothing(@Res({ passthrough: true }) reply: FastifyReply): Observable<MessageEvent> {
    return this.sse.fromOrEmpty(reply, null);
  }
}

const config = AppConfigModule.for(loadConfig({ MAX_STREAMS_PER_USER: '2' }));

@Module({ imports: [config, SseModule], controllers: [EventsController], providers: [Feed] })
class EventsModule {}

const event = (id: number, data = `event ${id}`): MessageEvent => ({ id: String(id), data });

describe('event streams', () => {
  let app: NestFastifyApplication;
  let url: string;
  let feed: Feed;

  beforeEach(async () => {
    app = await NestFactory.create(EventsModule, new FastifyAdapter(), { logger: false, forceCloseConnections: true });
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/events`;
    feed = app.get(Feed);
  });

  afterEach(() => app.close());

  async function open(): Promise<IncomingMessage> {
    const outgoing = request(url, { method: 'POST' }).end();
    outgoing.on('error', () => undefined);
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
    reply.on('error', () => undefined);

    return reply;
  }

  async function textOf(reply: IncomingMessage): Promise<string> {
    let text = '';
    for await (const part of reply.setEncoding('utf8')) text += String(part);

    return text;
  }

  it('send the head at once, each event as a message of its own, and end with the source', async () => {
    const reply = await open();
    expect(reply.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    feed.push(event(1), event(2, '{"type":"done"}'));
    feed.end();
    expect(await textOf(reply)).toBe('\n: ok\n\nid: 1\ndata: event 1\n\nid: 2\ndata: {"type":"done"}\n\n');
    expect([feed.closed, app.get(SseStreams).size]).toEqual([1, 0]);
  });

  it('read no further while the client does not read, and lose nothing then', async () => {
    const count = 20_000;
    const reply = await open();
    reply.pause();
    feed.push(...Array.from({ length: count }, (_, index) => event(index, LARGE)));
    for (let left = Infinity; feed.pending.length < left;) {
      left = feed.pending.length;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(feed.pending.length).toBeGreaterThan(count / 4);
    feed.end();
    const ids = [...(await textOf(reply)).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids.length).toBe(count);
    expect(ids.every((id, index) => id === index)).toBe(true);
  });

  it('close their source when the client disconnects', async () => {
    const reply = await open();
    feed.push(event(1));
    reply.destroy();
    while (feed.closed === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(app.get(SseStreams).size).toBe(0);
  });

  it('are limited in number, and count while they are open', async () => {
    const replies = [await open(), await open()];
    // Without the error filter of the API, only Nest's own statuses are known.
    expect((await open()).statusCode).toBe(500);
    replies[0]?.destroy();
    while (app.get(SseStreams).size > 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await open()).statusCode).toBe(201);
  });

  it('tell the client at shutdown when to reconnect, and from which event', async () => {
    const reply = await open();
    feed.push(event(7));
    await once(reply, 'readable');
    const text = textOf(reply);
    await app.close();
    expect(await text).toMatch(/id: 7\ndata: event 7\n\nid: 7\nretry: \d+\n\n$/);
  });

  it.each([
    ['broken', 200],
    ['nothing', 204],
  ])('end without an event when there is none: %s', async (path, status) => {
    const [reply] = (await once(get(`${url}/${path}`), 'response')) as [IncomingMessage];
    expect([reply.statusCode, (await textOf(reply)).includes('data')]).toEqual([status, false]);
  });
});
