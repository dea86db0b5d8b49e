import { pollUntil } from '../../common/async/poll-until.js';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Unix socket's path may have 107 bytes on Linux and 103 on macOS. */
const MAX_SOCKET_PATH = 100;
const START_TIMEOUT_MS = 30_000;
const RESTART_DELAY_MS = 200;
/** The shell's status for a program that does not exist. */
const NOT_FOUND = 127;
const NO_SERVER =
  'No redis-server or valkey-server was found. Install one (Debian/Ubuntu: apt-get install redis-server; ' +
  'Fedora: dnf install valkey; macOS: brew install redis), or set REDIS_URL to a running server.';

/**
 * The server runs under a shell that reads a pipe: when this process dies in any way, the pipe closes and the shell ends the
 * server. Its own session protects it from Ctrl-C until the shutdown has ended.
 */
const GUARD = `
server=$(command -v redis-server || command -v valkey-server) || exit 127
exec 3<&0
"$server" "$@" 3<&- &
child=$!
( cat <&3 >/dev/null; kill -TERM $child 2>/dev/null ) &
watcher=$!
exec 3<&-
wait $child
status=$?
kill $watcher 2>/dev/null
exit $status
`;

/** A private redis-server (or valkey-server) with an append-only file, restarted when it dies. */
export class EmbeddedRedis {
  readonly socketPath: string;
  private readonly log = new Logger(EmbeddedRedis.name);
  private readonly directory: string;
  private child: ChildProcess | null = null;
  private stopping = false;

  /** @param maxMb beyond it Redis refuses writes, in MiB */
  constructor(
    dataDir: string,
    private readonly maxMb: number,
  ) {
    this.directory = join(dataDir, 'redis');
    this.socketPath = socketPathFor(this.directory);
  }

  /** Starts the server and waits until it answers. @throws when there is no server program or it does not start */
  async start(): Promise<void> {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    await this.stopOrphan();
    this.launch();
    await this.waitUntilReady();
  }

  /** Ends the server after it wrote its append-only file. */
  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.stdin?.end();
    await ended;
  }

  private launch(): void {
    const child = spawn('/bin/sh', ['-c', GUARD, 'conch-redis', ...this.serverArguments()], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    // The pipe of an exited guard may break; the exit is reported below.
    child.stdin.on('error', () => undefined);
    child.once('exit', (code) => {
      if (this.stopping || code === NOT_FOUND) return;
      this.log.error(`redis-server ended with status ${code}; starting it again`);
      setTimeout(() => {
        if (!this.stopping) this.launch();
      }, RESTART_DELAY_MS);
    });
    this.child = child;
  }

  private serverArguments(): string[] {
    return [
      ...['--port', '0', '--unixsocket', this.socketPath, '--unixsocketperm', '700'],
      ...['--dir', this.directory, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
      ...[
        '--maxmemory',
        `${this.maxMb}mb`,
        '--maxmemory-policy',
        'noeviction',
        '--daemonize',
        'no',
        '--loglevel',
        'warning',
        '--logfile',
        'redis.log',
      ],
    ];
  }

  /** After `kill -9` of this program the old server may still be writing its file: wait for its end. */
  private async stopOrphan(): Promise<void> {
    const isGone = async () => !(await this.probe((client) => client.shutdown('SAVE')));
    if (await pollUntil(isGone, { everyMs: 100, timeoutMs: START_TIMEOUT_MS })) return;
    throw new Error(`an old redis-server still answers on ${this.socketPath}: stop it and start again`);
  }

  private async waitUntilReady(): Promise<void> {
    const isReady = () => {
      if (this.child?.exitCode === NOT_FOUND) throw new Error(NO_SERVER);

      return this.probe((client) => client.ping());
    };
    if (await pollUntil(isReady, { everyMs: 20, timeoutMs: START_TIMEOUT_MS })) return;
    throw new Error(`redis-server did not start within 30 s: see ${join(this.directory, 'redis.log')}`);
  }

  /** Runs one command on a fresh connection. @returns whether the server could be reached */
  private async probe(command: (client: Redis) => Promise<unknown>): Promise<boolean> {
    const client = new Redis(this.socketPath, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch {
      return false;
    }
    try {
      await command(client);
    } catch {
      // SHUTDOWN answers by closing the connection.
    } finally {
      client.disconnect();
    }

    return true;
  }
}

function socketPathFor(directory: string): string {
  const inside = join(directory, 'redis.sock');
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside;
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  const outside = join(tmpdir(), `conch-${name}`);
  mkdirSync(outside, { recursive: true, mode: 0o700 });

  return join(outside, 'redis.sock');
}
