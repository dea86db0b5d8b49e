import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MessageEvent } from '@nestjs/common';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Observable } from 'rxjs';
import { SseSubscription } from './sse-subscription.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('the ping of an event stream', () => {
  let server: Server;
  let client: Socket;
  let responses: ServerResponse[];

  beforeEach(async () => {
    responses = [];
    server = createServer((_request, response) => {
      response.writeHead(200).write('begun');
      responses.push(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
    client.write(REQUEST.repeat(2));
    await once(client, 'data');
  });

  afterEach(() => {
    client.destroy();
    server.close();
  });

  /** Whether the stream of a response still runs after a ping. */
  function runsAfterPing(response: ServerResponse | undefined): boolean {
    if (!response) throw new Error('no response');
    const stream = new Observable<MessageEvent>((subscriber) => {
      new SseSubscription(subscriber, response, () => undefined).ping();
    });
    const subscription = stream.subscribe();
    const runs = !subscription.closed;
    subscription.unsubscribe();

    return runs;
  }

  it('ends that of a pipelined request, which waits for another stream', () => {
    expect(responses.map(runsAfterPing)).toEqual([true, false]);
  });

  it('ends that of a connection which is gone', () => {
    client.destroy();
    responses[0]?.destroy();
    expect(responses.map(runsAfterPing)).toEqual([false, false]);
  });
});
