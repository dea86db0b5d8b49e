import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { runDirectory } from '../run-directory.js';
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

const DEBIAN = '/usr/lib/postgresql';

/** A Postgres server of this test; its data survive {@link PostgresServer.kill}. */
export class PostgresServer {
  private constructor(
    readonly port: number,
    private readonly directory: Directory,
    private readonly spawn: Spawn,
    private process: ServerProcess | null = null,
  ) {}

  /** A server that another test file has started. */
  static attach(port: number, process: ServerProcess): PostgresServer {
    return new PostgresServer(port, NO_DIRECTORY, spawnWatched, process);
  }

  static async start(directory = temporaryDirectory('postgres'), spawn = spawnWatched): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), directory, spawn);
    await server.create();
    await server.start();

    return server;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  private get data(): string {
    return join(this.directory.path, 'data');
  }

  private async create(): Promise<void> {
    const { uid, gid } = account();
    if (uid !== undefined && gid !== undefined) chownSync(this.directory.path, uid, gid);
    // Of the same owner: cp keeps it for the superuser only.
    await run('cp', ['-a', await emptyCluster(), this.data], {});
  }

  /** Starts it (again) on the same port and data. */
  async start(): Promise<void> {
    // Commits stay synchronous: tests kill the server, and what it has committed must survive that.
    const settings = ['fsync=off', 'max_connections=200', 'shared_buffers=32MB', 'listen_addresses=127.0.0.1'];
    const options = ['-D', this.data, '-p', String(this.port), '-k', this.directory.path];
    const flags = settings.flatMap((setting) => ['-c', setting]);
    const process = this.spawn(program('postgres'), [...options, ...flags], { ...account(), cwd: this.directory.path });
    this.process = process;
    await eventually('postgres answers', async () => {
      if (!process.isRunning) throw new Error(`postgres ended: ${process.logs}`);

      return this.query('select 1').catch(() => null);
    });
  }

  /** As after a crash: connections break, nobody listens. */
  async kill(): Promise<void> {
    // SIGQUIT is its immediate shutdown; SIGKILL would leave its children holding shared memory and the port.
    await this.process?.end('SIGQUIT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.directory.remove();
  }

  /** Rows of one statement, on a connection of its own. */
  async query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined);
    try {
      await client.connect();

      return (await client.query(text, values)).rows as Row[];
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

export const startPostgres = (): Promise<PostgresServer> => PostgresServer.start();

/**
 * An empty cluster to copy: `initdb` takes much longer. It is kept until the run ends.
 * @returns its path
 */
async function emptyCluster(): Promise<string> {
  const kept = join(runDirectory(), 'empty-cluster');
  if (existsSync(kept)) return kept;
  const { uid, gid } = account();
  const made = mkdtempSync(join(runDirectory(), 'cluster-'));
  if (uid !== undefined && gid !== undefined) chownSync(made, uid, gid);
  const options = ['--no-sync', '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C.UTF-8'];
  await run(program('initdb'), ['-D', made, ...options], { uid, gid, cwd: made });
  // Another test file may have been quicker; both are alike.
  try {
    renameSync(made, kept);
  } catch {
    return made;
  }

  return kept;
}

const run = promisify(execFile);

/** Postgres refuses to run as root: then the account of Debian's package is taken. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  if (!line) throw new Error('the tests run as root and there is no account "postgres" to run the database server');
  const [, , uid, gid] = line.split(':');

  return { uid: Number(uid), gid: Number(gid) };
}

function program(name: string): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const candidates = versions.map((version) => join(DEBIAN, version, 'bin', name));

  return candidates.find((path) => existsSync(path)) ?? name;
}
