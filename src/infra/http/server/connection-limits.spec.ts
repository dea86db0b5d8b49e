import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type ConnectionLimits, limitConnections, mayBeProxy } from './connection-limits.js';

describe('connections', () => {
  let server: Server;
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
  });

  async function start(limits: ConnectionLimits): Promise<void> {
    server = createServer((_request, response) => response.end('served'));
    limitConnections(server, limits);
    await once(server.listen(0, '127.0.0.1'), 'listening');
  }

  /** Opens a connection. @returns whether the server serves it */
  async function isServed(): Promise<boolean> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');

    return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
  }

  it('are limited in number for each address, and counted while they are open', async () => {
    await start({ maxConnections: 100, maxConnectionsPerAddress: 2 });
    expect([await isServed(), await isServed(), await isServed()]).toEqual([true, true, false]);
    const [first] = sockets;
    first?.destroy();
    while (!(await isServed())) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('are limited in number for all', async () => {
    await start({ maxConnections: 1, maxConnectionsPerAddress: undefined });
    expect([await isServed(), await isServed()]).toEqual([true, false]);
  });

  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['::ffff:172.18.0.2', true],
    ['10.1.2.3', true],
    ['fd00::1', true],
    ['8.8.8.8', false],
    ['2606:4700::1111', false],
  ])('from %s may be those of a proxy: %s', async (address, expected) => {
    await start({ maxConnections: 1, maxConnectionsPerAddress: undefined });
    expect(mayBeProxy(address)).toBe(expected);
  });
});
