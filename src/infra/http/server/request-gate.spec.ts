import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import { identifyBeforeBodies, limitBodyTime } from './request-gate.js';

const head = (path: string, length: number, type = 'application/json') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`;

describe('the gate in front of bodies', () => {
  let instance: FastifyInstance;
  let socket: Socket;
  let identified: string[];

  beforeEach(async () => {
    identified = [];
    instance = fastify({ forceCloseConnections: true });
    limitBodyTime(instance, 200);
    identifyBeforeBodies(instance, ({ url }) => {
      identified.push(url);

      return Promise.reject(new AppError('unauthorized', 'Log in first'));
    });
    const reply = () => 'served';
    instance.post('/closed', reply);
    instance.post('/open', { config: Object.assign({}, { isOpen: true }) }, reply);
    await instance.listen({ host: '127.0.0.1', port: 0 });
    socket = connect((instance.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  });

  afterEach(async () => {
    socket.destroy();
    await instance.close();
  });

  async function firstLine(text: string): Promise<string | undefined> {
    socket.write(text);
    const [data] = (await once(socket, 'data')) as [Buffer];

    return data.toString().split('\r\n')[0];
  }

  it('refuses an unknown caller without parsing what came', async () => {
    expect(await firstLine(`${head('/closed', 4)}{"a"`)).toBe('HTTP/1.1 401 Unauthorized');
    expect(identified).toEqual(['/closed']);
  });

  it('asks no caller of an open route, and none without a body', async () => {
    expect(await firstLine(`${head('/open', 2)}{}`)).toBe('HTTP/1.1 200 OK');
    expect(await firstLine('POST /closed HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('HTTP/1.1 200 OK');
    expect(identified).toEqual([]);
  });

  it('disconnects who sends a body too slowly', async () => {
    socket.resume().write(`${head('/open', 99)}{"a":`);
    await once(socket, 'close');
  });
});
