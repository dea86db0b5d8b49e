import ipaddr from 'ipaddr.js';
import { readFileSync } from 'node:fs';
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
const DEFAULT_CONNECTIONS = 10_000;
/** File descriptors that are not for clients: Redis, database, files, queues and calls of other systems. */
const OWN_DESCRIPTORS = 192;
const MIN_CONNECTIONS = 16;

/** How many connections a process can have open. */
export interface FittingConnections {
  maxConnections: number;
  /** What an operator has to do; null when nothing. */
  advice: string | null;
}

/**
 * Returns the number of connections that fits the file descriptors of this process: beyond those it could not even reach its
 * stores. A larger configured one counts as the fitting one.
 * @param wanted as configured; undefined: the default
 * @param upstream connections to providers that the process may have, one for each running answer. At most half of the
 *   descriptors are kept for them: a limit of answers that is meant as none leaves the others to clients
 * @param openFiles how many descriptors the process may have
 */
export function fittingConnections(
  wanted: number | undefined,
  upstream: number,
  openFiles = openFilesLimit(),
): FittingConnections {
  const half = Math.max(Math.floor((openFiles - OWN_DESCRIPTORS) / 2), 0);
  const own = OWN_DESCRIPTORS + Math.min(upstream, half);
  const fitting = Math.max(openFiles - own, MIN_CONNECTIONS);
  const maxConnections = Math.min(wanted ?? DEFAULT_CONNECTIONS, fitting);
  const isTooLow = openFiles - own < MIN_CONNECTIONS || (wanted !== undefined && wanted > fitting);
  const raise =
    `Raise the limit to ${own + (wanted ?? DEFAULT_CONNECTIONS)} ("ulimit -n" in a shell, LimitNOFILE= of systemd, ` +
    `"ulimits: nofile" of compose), or set MAX_CONNECTIONS to ${fitting}`;
  const advice = isTooLow
    ? `This process may open ${openFiles} files and needs ${own} of them itself: ${maxConnections} connections of ` +
      `clients are accepted. ${raise}`
    : null;

  return { maxConnections, advice };
}

/** Reads the limit of open files of this process, which Node has raised as far as the system lets it. */
function openFilesLimit(): number {
  try {
    return openFilesOf(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    // Other systems than Linux.
    return Infinity;
  }
}

/** Returns the soft limit of open files in the text of `/proc/PID/limits` (proc(5)); Infinity when there is none. */
export function openFilesOf(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];

  return soft === undefined ? Infinity : Number(soft);
}

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
