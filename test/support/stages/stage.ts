import { randomBytes } from 'node:crypto';
import { startSimulator, type Simulator } from '../../../tools/simulator/simulator.js';
import type { Api } from '../api.js';
import { eventually } from '../child.js';
import { Conch, type Environment } from '../conch.js';
import { type PostgresServer, startPostgres } from '../stores/postgres.js';
import { type RedisServer, startRedis } from '../stores/redis.js';

export type StageKind = 'embedded' | 'distributed';

/**
 * PGlite with a private Redis, and servers of both: what works on one must work on the other. Suites run on both where
 * their own statements and streams do; rules on top of these are tried on one.
 */
export const STAGES: readonly (readonly [StageKind])[] = [['embedded'], ['distributed']];

export interface Stores {
  postgres: PostgresServer;
  redis: RedisServer;
}

/** Everything a suite needs: the simulator, the stores and one or more servers on them. */
export class Stage {
  /** @param isShared whether other files use the servers and the stores as well */
  constructor(
    readonly simulator: Simulator,
    private readonly environment: Environment,
    private readonly stores: Stores | null,
    readonly servers: Conch[] = [],
    private readonly isShared = false,
  ) {}

  /** @param replicas servers that share the stores; an embedded stage can have one only */
  static async start(kind: StageKind, environment: Environment = {}, replicas = 1): Promise<Stage> {
    const simulator = await startSimulator();
    const stores = kind === 'embedded' ? null : await startStores();
    const stage = new Stage(simulator, { SIMULATOR: simulator.url, ...accessTo(stores), ...environment }, stores);
    try {
      for (let count = 0; count < replicas; count += 1) await stage.addServer();
    } catch (error) {
      await stage.stop();
      throw error;
    }

    return stage;
  }

  get postgres(): PostgresServer {
    if (!this.stores) throw new Error('an embedded stage has no Postgres');

    return this.stores.postgres;
  }

  get redis(): RedisServer {
    if (!this.stores) throw new Error('an embedded stage has no Redis of its own');

    return this.stores.redis;
  }

  /** Calls of the first server. */
  get api(): Api {
    return this.server(0).api;
  }

  server(index: number): Conch {
    const server = this.servers[index];
    if (!server) throw new Error(`there is no server ${index}`);

    return server;
  }

  async addServer(environment: Environment = {}): Promise<Conch> {
    const server = await Conch.start({ ...this.environment, ...environment });
    this.servers.push(server);

    return server;
  }

  /** Starts a new server in the place of each that has ended. */
  async revive(): Promise<void> {
    for (const [index, server] of this.servers.entries()) {
      if (!server.isRunning) this.servers[index] = await Conch.start(this.environment);
    }
  }

  /** Waits until every server has found its stores again. */
  async untilReady(): Promise<void> {
    for (const { api } of this.servers) {
      await eventually('the server is ready', async () => (await api.get('/health/ready')).status === 200);
    }
  }

  async stop(): Promise<void> {
    if (this.isShared) return this.simulator.close();
    const stopped = await Promise.allSettled(this.servers.map((server) => server.stop()));
    await Promise.all([this.stores?.redis.stop(), this.stores?.postgres.stop(), this.simulator.close()]);
    for (const result of stopped) if (result.status === 'rejected') throw result.reason;
  }
}

/** What servers have to know of their stores. */
export function accessTo(stores: Stores | null): Environment {
  if (!stores) return {};
  const { postgres, redis } = stores;

  return { DATABASE_URL: postgres.url, REDIS_URL: redis.url, ENCRYPTION_KEY: randomBytes(32).toString('hex') };
}

async function startStores(): Promise<Stores> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);

  return { postgres, redis };
}

/** A prompt with a simulator script; further text makes it unique. */
export const script = (text: string, words = 'Hello'): string => `${words} [sim ${text}]`;
