/** What a server asks of its embedded Redis: counted by Redis itself, and listed by MONITOR. */
import { Redis } from 'ioredis';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fromWall } from './clock.js';

/** What Redis has done since its start. */
export interface RedisTotals {
  /** Calls of each command, those inside scripts included. */
  calls: Map<string, number>;
  bytesIn: number;
  bytesOut: number;
}

/** One command, as MONITOR shows it. */
export interface SeenCommand {
  /** On the monotonic clock. */
  at: number;
  inScript: boolean;
  name: string;
  args: string[];
}

/** A connection beside those of the server. */
export class RedisWatch {
  private constructor(
    private readonly client: Redis,
    private readonly socketPath: string,
  ) {}

  /** @param socketPath of the embedded server */
  static async open(socketPath: string): Promise<RedisWatch> {
    const client = new Redis(socketPath, { lazyConnect: true });
    await client.connect();

    return new RedisWatch(client, socketPath);
  }

  async totals(): Promise<RedisTotals> {
    const commands = await this.client.info('commandstats');
    const stats = await this.client.info('stats');
    const calls = [...commands.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    const one = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(stats)?.[1]);

    return {
      calls: new Map(calls.map(([, name = '', count]) => [name, Number(count)])),
      bytesIn: one('total_net_input_bytes'),
      bytesOut: one('total_net_output_bytes'),
    };
  }

  /** Collects the commands of everybody while `work` runs. */
  async monitor(work: () => Promise<void>): Promise<SeenCommand[]> {
    const seen: SeenCommand[] = [];
    // Not by the client: its own monitor fails when a command comes together with the reply to MONITOR.
    const socket = connect(this.socketPath);
    createInterface({ input: socket }).on('line', (line) => seen.push(...readMonitorLine(line)));
    socket.write('MONITOR\r\n');
    try {
      await once(socket, 'data');
      await work();
    } finally {
      socket.destroy();
    }

    return seen;
  }

  close(): void {
    this.client.disconnect();
  }
}

/** `+1700000000.123456 [0 lua] "XADD" "key" …`; nothing for other lines. */
export function readMonitorLine(line: string): SeenCommand[] {
  const [, time, source, rest = ''] = /^\+(\d+\.\d+) \[\d+ ([^\]]+)\] (.*)$/.exec(line) ?? [];
  if (time === undefined) return [];
  const [name = '', ...args] = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text);
  const at = fromWall(Number(time) * 1000);

  return [{ at, inScript: source === 'lua', name: name.toUpperCase(), args }];
}

/** Calls of each command between two moments. */
export function callsBetween(before: RedisTotals, after: RedisTotals): Map<string, number> {
  const grown = [...after.calls].map(([name, count]) => [name, count - (before.calls.get(name) ?? 0)] as const);

  return new Map(grown.filter(([name, count]) => count > 0 && name !== 'info'));
}

/** `{conch}:chat-runs:17` -> `{conch}:chat-runs:N`: what the same command of another turn has as well. */
export function shapeOf({ name, args }: SeenCommand): string {
  if (/^EVAL/.test(name)) return `${name} ${generalized(args[2] ?? '')}`;

  return `${name} ${generalized(args[0] ?? '')}`.trimEnd();
}

function generalized(key: string): string {
  return key.slice(0, 60).replace(/\d+/g, 'N');
}
