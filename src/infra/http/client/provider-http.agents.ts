/** Keep-alive agents whose every new connection passes the egress policy and has a deadline. */
import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '../../../common/app-error.js';
import { guardedLookup, type EgressPolicy, type ResolveAll } from './egress.js';

export interface ConnectionRules {
  egress: EgressPolicy;
  /** From the start of a connection to its use, with name lookup and TLS. */
  connectTimeoutMs: number;
  /** `host:port` pairs that are exempt from the policy, for the simulator. */
  trusted?: readonly string[];
  resolve?: ResolveAll;
}

type Created = (error: Error | null, socket: Duplex) => void;

/** `lifo` reuses few sockets, so that peers can close the others. */
const AGENT_OPTIONS: AgentOptions = { keepAlive: true, maxSockets: Infinity, scheduling: 'lifo', noDelay: true };

export class GuardedHttpAgent extends HttpAgent {
  private readonly lookup: LookupFunction;

  constructor(private readonly rules: ConnectionRules) {
    super(AGENT_OPTIONS);
    this.lookup = guardedLookup(rules.egress, rules.resolve);
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    const host = hostOf(options);
    if (!isTrusted(this.rules, host, options.port)) this.rules.egress.assertHost(host);
    const socket = super.createConnection({ ...options, lookup: this.lookup }, created);
    return limitConnect(socket, 'connect', host, this.rules.connectTimeoutMs);
  }
}

export class GuardedHttpsAgent extends HttpsAgent {
  private readonly lookup: LookupFunction;

  constructor(private readonly rules: ConnectionRules) {
    super(AGENT_OPTIONS);
    this.lookup = guardedLookup(rules.egress, rules.resolve);
  }

  override createConnection(options: RequestOptions, created?: Created): Duplex | null | undefined {
    const host = hostOf(options);
    this.rules.egress.assertHost(host);
    const socket = super.createConnection({ ...options, lookup: this.lookup }, created);
    return limitConnect(socket, 'secureConnect', host, this.rules.connectTimeoutMs);
  }
}

/** `socket.closed` is true before the descriptor is closed: only the event is exact. One listener per socket. */
const closings = new WeakMap<Duplex, Promise<void>>();

/** Settles when a socket of these agents has emitted `close`. */
export function whenClosed(socket: Duplex): Promise<void> {
  return closings.get(socket) ?? Promise.resolve();
}

function isTrusted({ trusted = [] }: ConnectionRules, host: string, port: unknown): boolean {
  return trusted.includes(`${host}:${String(port)}`);
}

function hostOf(options: ClientRequestArgs): string {
  return options.host ?? options.hostname ?? 'localhost';
}

function limitConnect<T extends Duplex | null | undefined>(socket: T, ready: string, host: string, ms: number): T {
  if (!socket) return socket;
  const timer = setTimeout(() => {
    const seconds = Number((ms / 1000).toFixed(1));
    const message = `${host} accepted no connection within ${seconds} s`;
    socket.destroy(new AppError('provider_timeout', message, { retryable: true }));
  }, ms);
  const stop = () => clearTimeout(timer);
  socket.once(ready, stop);
  socket.once('close', stop);
  closings.set(socket, new Promise((resolve) => socket.once('close', resolve)));

  return socket;
}
