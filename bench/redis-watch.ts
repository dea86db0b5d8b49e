/** What a server asks of its embedded Redis: counted by Redis itself, and listed by MONITOR. */
import { Redis } from 'ioredis';
import { monotonicMs } from './clock.js';

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
  private constructor(private readonly client: Redis) {}

  /** @param socketPath of the embedded server */
  static async open(socketPath: string): Promise<RedisWatch> {
    const client = new Redis(socketPath, { lazyConnect: true });
    await client.connect();

    return new RedisWatch(client);
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

  /** Collects the commands of everybody else while `work` runs. */
  async monitor(work: () => Promise<void>): Promise<SeenCommand[]> {
    const seen: SeenCommand[] = [];
    const monitor = await this.client.monitor();
    monitor.on('monitor', (time: string, args: string[], source: string) => {
      const [name = '', ...rest] = args;
      const at = monotonicMs(Number(time) * 1000);
      seen.push({ at, inScript: source === 'lua', name: name.toUpperCase(), args: rest });
    });
    try {
      await work();
    } finally {
      monitor.disconnect();
    }

    return seen;
  }

  close(): void {
    this.client.disconnect();
  }
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
