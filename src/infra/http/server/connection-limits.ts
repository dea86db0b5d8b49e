import ipaddr from 'ipaddr.js';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Where reverse proxies stand, which bring the connections of many clients. */
const PROXY_RANGES = ['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'];

export interface ConnectionLimits {
  maxConnections: number;
  /** Undefined: the default, for public addresses only. */
  maxConnectionsPerAddress: number | undefined;
}

const DEFAULT_PER_ADDRESS = 200;

/** Closes connections beyond the limits as they come. */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  const { maxConnections, maxConnectionsPerAddress } = limits;
  const counts = new Map<string, number>();
  server.maxConnections = maxConnections;
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (maxConnectionsPerAddress === undefined && mayBeProxy(address)) return;
    const count = (counts.get(address) ?? 0) + 1;
    if (count > (maxConnectionsPerAddress ?? DEFAULT_PER_ADDRESS)) return void socket.destroy();
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
  });
}

/** Whether the default limit does not apply to an address. */
export function mayBeProxy(address: string): boolean {
  return !ipaddr.isValid(address) || PROXY_RANGES.includes(ipaddr.process(address).range());
}
