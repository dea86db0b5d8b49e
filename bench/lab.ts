/** What a part of the bench works with. */
import { clockMs } from './clock.js';
import { allRight, openStreams } from './load.js';
import type { Options } from './options.js';
import { Provider, type Server, startConch, startRelay } from './servers.js';
import { median } from './stats.js';

/** One line of the result. Figures of a server that a part does not measure are NaN. */
export interface Figure {
  name: string;
  unit: string;
  relay: number;
  conch: number;
  /** Median of the comparisons of each round: `ratio` = conch / relay, `plus` = conch - relay. */
  compared?: { by: 'ratio' | 'plus'; value: number };
  budget?: Budget;
}

/** What a figure should keep to: of Conch's own or, for what is compared, of the comparison. */
export type Budget = { of: 'conch' | 'compared'; max: number } | { of: 'conch'; min: number };

/** A group of measurements. */
export interface Part {
  name: string;
  /** Starts servers of its own ({@link Lab.fresh}); those that the other parts share are gone by then. */
  fresh?: true;
  /** Runs only when it is named. */
  onlyNamed?: true;
  run(lab: Lab): Promise<Figure[]>;
}

/** Figures of one round of one server, by name. */
export type Round = Record<string, number>;

const WARM_UP = [
  { streams: 50, tokens: 400, rate: 0 },
  { streams: 100, tokens: 100, rate: 50 },
  { streams: 50, tokens: 2000, rate: 0 },
];

export class Lab {
  private servers: { relay: Server; conch: Server } | null = null;

  private constructor(
    readonly options: Options,
    readonly provider: Provider,
  ) {}

  static async open(options: Options): Promise<Lab> {
    return new Lab(options, await Provider.start());
  }

  get relay(): Server {
    return this.running.relay;
  }

  get conch(): Server {
    return this.running.conch;
  }

  /** Starts the servers that parts share, and runs both warm. */
  async startServers(): Promise<void> {
    const { provider, options } = this;
    this.servers = { relay: await startRelay(provider), conch: await startConch(provider, options.postgres) };
    for (const server of [this.relay, this.conch]) await warmUp(server);
  }

  /** Two Conchs on one database, each with its own Redis, would disturb each other: the first one goes. */
  async stopServers(): Promise<void> {
    const { servers } = this;
    this.servers = null;
    await servers?.conch.stop();
    await servers?.relay.stop();
  }

  /** Both servers anew, for parts that must not see what others left in memory. */
  async fresh<T>(work: (server: Server) => Promise<T>): Promise<{ relay: T; conch: T }> {
    const one = async (server: Server) => {
      for (let i = 0; i < 4; i += 1) await allRight(server, openStreams(server, 50, { tokens: 50, rate: 50 }));

      return work(server).finally(() => server.stop());
    };

    return {
      relay: await one(await startRelay(this.provider)),
      conch: await one(await startConch(this.provider, this.options.postgres)),
    };
  }

  /** Rounds of relay and Conch by turns: what the machine does besides hits both. */
  async alternate(
    measure: (server: Server, round: number) => Promise<Round>,
  ): Promise<{ relay: Round[]; conch: Round[] }> {
    const rounds = { relay: [] as Round[], conch: [] as Round[] };
    for (let round = 0; round < this.options.rounds; round += 1) {
      for (const server of [this.relay, this.conch])
        rounds[server.name].push(await this.watched(server, round, measure));
    }

    return rounds;
  }

  async close(): Promise<void> {
    await this.stopServers();
    await this.provider.stop();
  }

  private get running(): { relay: Server; conch: Server } {
    if (!this.servers) throw new Error('the servers are not running');

    return this.servers;
  }

  private async watched(
    server: Server,
    round: number,
    measure: (server: Server, round: number) => Promise<Round>,
  ): Promise<Round> {
    const startedAt = clockMs();
    const figures = await measure(server, round);
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(2)}`);
    process.stderr.write(
      `  ${server.name} #${round + 1} (${((clockMs() - startedAt) / 1000).toFixed(1)} s): ${shown.join(', ')}\n`,
    );

    return figures;
  }
}

async function warmUp(server: Server): Promise<void> {
  for (const { streams, ...script } of WARM_UP) await allRight(server, openStreams(server, streams, script));
}

/** One figure of alternated rounds: medians, and the median of the comparisons of neighbouring rounds. */
export function figure(
  rounds: { relay: Round[]; conch: Round[] },
  key: string,
  about: Pick<Figure, 'name' | 'unit' | 'budget'> & { by?: 'ratio' | 'plus' },
): Figure {
  const { by, ...rest } = about;
  const relay = rounds.relay.map((round) => round[key] ?? Number.NaN);
  const conch = rounds.conch.map((round) => round[key] ?? Number.NaN);
  const pairs = conch.map((value, index) => {
    const other = relay[index] ?? Number.NaN;

    return by === 'plus' ? value - other : value / other;
  });

  const middle = (values: readonly number[]) => median(values.filter((value) => !Number.isNaN(value)));

  return { ...rest, relay: middle(relay), conch: middle(conch), ...(by && { compared: { by, value: middle(pairs) } }) };
}
