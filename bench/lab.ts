/** What a part of the bench works with. */
import { clockMs } from './measure/clock.js';
import type { Figure, Round, Rounds } from './measure/figure.js';
import { allRight, openEvenly, openStreams } from './load.js';
import type { Options } from './options.js';
import { startPeer } from './peers.js';
import type { Server, ServerName } from './server.js';
import { Provider, startConch, startRelay } from './servers.js';
import { DEFAULT_VARIANTS, readVariants, type Variant } from './variant.js';

/** A group of measurements. */
export interface Part {
  name: string;
  /** Starts servers of its own ({@link Lab.fresh}); those that the other parts share are gone by then. */
  fresh?: true;
  /** Runs only when it is named. */
  onlyNamed?: true;
  run(lab: Lab): Promise<Figure[]>;
}

type Measure<T> = (server: Server, round: number) => Promise<T>;

interface FreshOptions {
  /** As the options of the bench say, by default. */
  rounds?: number;
  /** Of the warm-up; null for none. */
  variant?: Variant | null;
  /** For Conch. */
  env?: Record<string, string>;
}

/** Of servers that parts share: until V8 has compiled what they need. */
const WARM_UP = [
  { streams: 50, tokens: 400, rate: 0 },
  { streams: 100, tokens: 100, rate: 50 },
  { streams: 50, tokens: 2000, rate: 0 },
];
/** Of servers that are started for one measurement, as users start them. */
const FRESH = { streams: 20, withinMs: 1000, tokens: 20, rate: 50 };
const [USUAL] = readVariants(DEFAULT_VARIANTS) as [Variant];

export class Lab {
  /** What a reader of the figures must know. */
  readonly notes = new Set<string>();
  private servers: { relay: Server; conch: Server } | null = null;
  private measuring = '';

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

  /** Adds a note about what is measured at the moment. */
  note(text: string): void {
    this.notes.add(`${this.measuring}: ${text}`);
  }

  /** Starts the servers that parts share, and runs both warm. */
  async startServers(): Promise<void> {
    this.servers = { relay: await this.start('relay'), conch: await this.start('conch') };
    for (const server of [this.relay, this.conch]) {
      for (const { streams, ...script } of WARM_UP) await allRight(server, openStreams(server, streams, script));
    }
  }

  /** Two Conchs on one database, each with its own Redis, would disturb each other: the first one goes. */
  async stopServers(): Promise<void> {
    const { servers } = this;
    this.servers = null;
    await servers?.conch.stop();
    await servers?.relay.stop();
  }

  /** Rounds of the shared servers by turns: what the machine does besides hits both. */
  async alternate(measure: Measure<Round>): Promise<Rounds> {
    const rounds: Rounds = { relay: [], conch: [] };
    for (let round = 0; round < this.options.rounds; round += 1) {
      for (const server of [this.relay, this.conch]) {
        rounds[server.name]?.push(await this.watched(`${server.name} #${round + 1}`, () => measure(server, round)));
      }
    }

    return rounds;
  }

  /** The same of servers that start anew for each round, with a warm-up of 20 streams; peers take part in it. */
  async fresh<T extends object>(about: string, measure: Measure<T>, options: FreshOptions = {}): Promise<Rounds<T>> {
    const rounds: Rounds<T> = { relay: [], conch: [] };
    for (let round = 0; round < (options.rounds ?? this.options.rounds); round += 1) {
      for (const name of ['relay', 'conch', ...this.options.peers] as const) {
        const work = () => this.once(name, options, (server) => measure(server, round));
        const one = await this.watched(`${about}, ${name} #${round + 1}`, () => this.orNote(name, work));
        if (one) (rounds[name] ??= []).push(one);
      }
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

  private start(name: ServerName, env?: Record<string, string>): Promise<Server> {
    const { provider, options } = this;
    if (name === 'relay') return startRelay(provider);
    if (name === 'conch') return startConch(provider, options.postgres, { env });

    return startPeer(name, provider);
  }

  private async once<T>(
    name: ServerName,
    { variant = USUAL, env }: FreshOptions,
    work: (server: Server) => Promise<T>,
  ): Promise<T> {
    const server = await this.start(name, env);
    try {
      const { streams, withinMs, ...script } = FRESH;
      if (variant) await allRight(server, await openEvenly(server, streams, withinMs, { ...script, ...variant }));

      return await work(server);
    } finally {
      await server.stop();
    }
  }

  /** What a peer cannot do is no reason to end. */
  private async orNote<T>(name: ServerName, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (name === 'relay' || name === 'conch') throw error;
      this.note(error instanceof Error ? error.message : String(error));

      return null;
    }
  }

  private async watched<T>(about: string, measure: () => Promise<T>): Promise<T> {
    this.measuring = about;
    const startedAt = clockMs();
    const figures = await measure();
    const shown = Object.entries(figures ?? {}).map(([name, value]) =>
      typeof value === 'number' ? `${name} ${value.toFixed(2)}` : name,
    );
    process.stderr.write(`  ${about} (${((clockMs() - startedAt) / 1000).toFixed(1)} s): ${shown.join(', ')}\n`);

    return figures;
  }
}
