import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import {
  type ConnectionLimits,
  fittingConnections,
  limitConnections,
  mayBeProxy,
  openFilesOf,
} from './connection-limits.js';

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

describe('the number of connections', () => {
  it('leaves descriptors for Redis, database, files and providers where a process may have 1024', () => {
    expect(fittingConnections(undefined, 50, 1024)).toEqual({ maxConnections: 782, advice: null });
  });

  it('is 10,000 by default, and as configured where it fits', () => {
    expect(fittingConnections(undefined, 50, 1_048_576).maxConnections).toBe(10_000);
    expect(fittingConnections(undefined, 50, Infinity).maxConnections).toBe(10_000);
    expect(fittingConnections(700, 50, 1024)).toEqual({ maxConnections: 700, advice: null });
  });

  it('is what fits when more is configured, with the advice what to do', () => {
    const { maxConnections, advice } = fittingConnections(10_000, 50, 1024);
    expect(maxConnections).toBe(782);
    expect(advice).toMatch(/may open 1024 files .* 782 connections .* limit to 10242 .* MAX_CONNECTIONS to 782/);
  });

  it('is half of the descriptors where the limit of answers is meant as none', () => {
    expect(fittingConnections(undefined, 20_000, 20_000)).toEqual({ maxConnections: 9904, advice: null });
    expect(fittingConnections(undefined, 20_000, 1024)).toEqual({ maxConnections: 416, advice: null });
  });

  it('is never none, however few descriptors there are', () => {
    const { maxConnections, advice } = fittingConnections(undefined, 50, 200);
    expect(maxConnections).toBe(16);
    expect(advice).toMatch(/may open 200 files/);
  });

  it('follows the limits of the process as Linux states them', () => {
    const limits =
      'Limit                     Soft Limit           Hard Limit           Units     \n' +
      'Max processes             94204                94204                processes \n' +
      'Max open files            1024                 4096                 files     \n';
    expect(openFilesOf(limits)).toBe(1024);
    expect(openFilesOf(limits.replace('1024 ', 'unlimited'))).toBe(Infinity);
    expect(openFilesOf('')).toBe(Infinity);
  });
});
