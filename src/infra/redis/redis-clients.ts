import { Injectable, Logger } from '@nestjs/common';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { within } from '../../common/async/within.js';
import type { HostPort, RedisConfig } from '../../config/config-parts.js';

export type RedisClient = Redis | Cluster;

/** The error message by which BullMQ recognizes a lost connection. */
const CLOSED = 'Connection is closed.';

/** How long a command may go unanswered before the connection counts as dead (a moved pod, a dropped route). */
const SOCKET_TIMEOUT_MS = 10_000;

/**
 * The process's connections to Redis. Commands fail at once while Redis is unreachable: the caller decides whether to wait,
 * to continue without it or to refuse. Connections recover by themselves, also after a failover to a read-only node.
 */
@Injectable()
export class RedisClients {
  /** For everything that is not a subscription or a queue. */
  readonly commands: RedisClient;
  /** For SUBSCRIBE only; subscriptions are restored after a reconnect. */
  readonly subscriber: RedisClient;
  /** For the queues; BullMQ duplicates it where it blocks. */
  readonly queues: RedisClient;
  readonly isCluster: boolean;
  private readonly log = new Logger(RedisClients.name);

  private constructor(open: (role: string, options: RedisOptions) => RedisClient) {
    this.commands = this.watch(
      'commands',
      open('commands', { enableOfflineQueue: false, socketTimeout: SOCKET_TIMEOUT_MS }),
    );
    this.subscriber = this.watch('subscriber', open('subscriber', { autoResubscribe: true }));
    this.queues = this.watch('queues', open('queues', { enableOfflineQueue: false, maxRetriesPerRequest: null }));
    reportClosedWhenDown(this.queues);
    for (const client of [this.commands, this.queues]) joinWrites(client);
    this.isCluster = this.commands instanceof Cluster;
  }

  /** Opens all connections and waits until they are ready. @throws when Redis cannot be reached within 30 s */
  static async connect(config: RedisConfig, socketPath: string | undefined): Promise<RedisClients> {
    const clients = new RedisClients((role, options) => openClient(config, socketPath, role, options));
    try {
      await Promise.all([clients.commands, clients.subscriber, clients.queues].map(ready));
    } catch (error) {
      clients.close();
      throw error;
    }

    return clients;
  }

  /** Whether commands can be sent now. */
  get isReady(): boolean {
    return this.commands.status === 'ready';
  }

  close(): void {
    for (const client of [this.commands, this.subscriber, this.queues]) client.disconnect();
  }

  private watch(role: string, client: RedisClient): RedisClient {
    let lastMessage = '';
    client.setMaxListeners(100);
    client.on('error', (error: Error) => {
      // The same error is logged once, not at every attempt.
      if (error.message !== lastMessage) this.log.warn(`${role}: ${error.message || error.name}`);
      lastMessage = error.message;
    });
    client.on('ready', () => {
      if (lastMessage) this.log.log(`${role}: connected again`);
      lastMessage = '';
    });

    return client;
  }
}

/**
 * Replaces the error of commands that are refused while Redis is unreachable. BullMQ's workers pause only after errors
 * that they recognize as those of a connection, which ioredis' own ("Stream isn't writeable …") is not: a worker with a
 * delayed job would retry without a pause and block the event loop, so that the reconnect is never noticed.
 */
function reportClosedWhenDown(client: RedisClient): void {
  // A cluster's method has one parameter more, which is passed on.
  const redis = client as Redis;
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, ...rest) => {
    if (!isWritable(redis)) {
      const { reject } = command;
      command.reject = (error) => reject(/enableOfflineQueue/.test(error.message) ? new Error(CLOSED) : error);
    }

    return send(command, ...rest);
  };
}

/** Uses the test of ioredis itself: a connection that has just broken is still `ready`. */
function isWritable({ status, stream }: Redis): boolean {
  const socket = stream as Redis['stream'] | undefined;

  return status === 'ready' && socket?.writable === true && !socket.writableEnded;
}

/**
 * Writes the commands of one turn of the event loop to the socket together: a write is a system call, which costs more
 * than most commands. (The connections to the nodes of a cluster are not changed.)
 */
function joinWrites(client: RedisClient): void {
  if (client instanceof Cluster) return;
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, ...rest) => {
    // Undefined before the first connection.
    const stream = client.stream as Redis['stream'] | undefined;
    if (stream?.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }

    return send(command, ...rest);
  };
}

function openClient(config: RedisConfig, socketPath: string | undefined, role: string, own: RedisOptions): RedisClient {
  const options: RedisOptions = {
    connectionName: `conch-${role}`,
    connectTimeout: 5000,
    keepAlive: 10_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 1000),
    // After a failover the old master may answer READONLY for hours: reconnect and send the command again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...own,
  };
  switch (config.kind) {
    case 'embedded':
      return new Redis({ ...options, path: socketPath ?? '' });
    case 'url':
      return new Redis(config.url, options);
    case 'sentinel':
      return new Redis({ ...options, ...fromUrl(config.url), sentinels: config.sentinels, name: config.name });
    case 'cluster':
      return openCluster(config.nodes, { ...options, ...fromUrl(config.url) });
  }
}

function openCluster(nodes: HostPort[], options: RedisOptions): Cluster {
  // The connections to nodes need their queue: the client requests the slots before they are ready.
  const { enableOfflineQueue = true, ...redisOptions } = options;

  return new Cluster(nodes, {
    redisOptions,
    enableOfflineQueue,
    clusterRetryStrategy: (attempt) => Math.min(100 * attempt, 1000),
  });
}

/** User, password, database and TLS for Sentinel and Cluster come from REDIS_URL; its host is not used there. */
function fromUrl(url: string | undefined): RedisOptions {
  if (!url) return {};
  const { username, password, pathname, protocol } = new URL(url);
  const db = Number(pathname.slice(1));

  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(db > 0 && { db }),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
}

async function ready(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return;
  const isReady = new Promise<void>((resolve) => client.once('ready', () => resolve()));
  await within(30_000, 'Redis could not be reached within 30 s: check REDIS_URL', isReady);
}
