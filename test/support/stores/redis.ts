import { Redis } from 'ioredis';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Directory,
  eventually,
  freePort,
  NO_DIRECTORY,
  type ServerProcess,
  type Spawn,
  spawnWatched,
  temporaryDirectory,
} from '../child.js';

/** A redis-server of this test, with an append-only file that survives {@link RedisServer.kill}. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private directory: Directory,
    private readonly more: readonly string[],
    private readonly spawn: Spawn,
    private process: ServerProcess | null = null,
  ) {}

  /** A server that another test file has started. */
  static attach(port: number, process: ServerProcess): RedisServer {
    return new RedisServer(port, NO_DIRECTORY, [], spawnWatched, process);
  }

  /** @param more further options of redis-server */
  static async start(
    more: readonly string[] = [],
    directory = temporaryDirectory('redis'),
    spawn = spawnWatched,
  ): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), directory, more, spawn);
    await server.start();

    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it (again) on the same port and data. */
  async start(): Promise<void> {
    const options = [
      ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.directory.path],
      ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--loglevel', 'warning'],
      ...this.more,
    ];
    const process = this.spawn('redis-server', options, {});
    this.process = process;
    await eventually('redis-server answers', async () => {
      if (!process.isRunning) throw new Error(`redis-server ended: ${process.logs}`);

      return this.ping();
    });
  }

  async kill(): Promise<void> {
    await this.process?.end('SIGKILL');
  }

  /** It takes no more commands; its connections stay open. */
  freeze(): void {
    this.process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.process?.signal('SIGCONT');
  }

  /** Starts it empty, on the same port: as after the loss of a machine without persistence. */
  async restartEmpty(): Promise<void> {
    await this.kill();
    await rm(join(this.directory.path, 'appendonlydir'), { recursive: true, force: true });
    await this.start();
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.directory.remove();
  }

  /** Starts a replica, and waits until it has everything. */
  async startReplica(): Promise<RedisServer> {
    await this.use((client) => client.config('SET', 'repl-diskless-sync-delay', '0'));
    const replica = await RedisServer.start(['--replicaof', '127.0.0.1', String(this.port)]);
    await eventually('the replica has everything', () =>
      replica.use(async (client) => /master_link_status:up/.test(await client.info('replication'))),
    );

    return replica;
  }

  /** Becomes a master with what it has so far: what the other one stores from now on is missing here. */
  async stopReplication(): Promise<void> {
    await this.use((client) => client.replicaof('NO', 'ONE'));
  }

  /** Ends this server; the replica serves on its port. */
  async failOverTo(replica: RedisServer): Promise<void> {
    await this.stop();
    await replica.use((client) => client.config('SET', 'port', String(this.port)));
    this.directory = replica.directory;
    this.process = replica.process;
  }

  /** Refuses all writes that need memory, while a fork of it writes the append-only file anew. */
  async exhaustMemory(): Promise<void> {
    await this.use(async (client) => {
      await client.config('SET', 'maxmemory', '1mb');
      await client.bgrewriteaof();
    });
  }

  async freeMemory(): Promise<void> {
    await this.use((client) => client.config('SET', 'maxmemory', '0'));
  }

  /** Runs some commands on a connection of their own. */
  async use<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();

      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  private ping(): Promise<boolean> {
    return this.use((client) => client.ping()).then(
      () => true,
      () => false,
    );
  }
}

export const startRedis = (): Promise<RedisServer> => RedisServer.start();
