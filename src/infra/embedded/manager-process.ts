import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { within } from '../../common/within.js';
import { AppConfig } from '../../config/app-config.js';

const ENTRY = fileURLToPath(new URL('../../executor-manager/embedded.js', import.meta.url));
const PING_MS = 1_000;
const START_MS = 15_000;
const RESTART_DELAY_MS = 1_000;

/**
 * The executor manager beside the server, in a process of its own: what an engine sends must not hold up streams. It
 * starts when the server listens, and ends with it, however that ends.
 */
@Injectable()
export class ManagerProcess implements OnApplicationShutdown {
  private readonly log = new Logger(ManagerProcess.name);
  private child: ChildProcess | null = null;
  private stopping = false;
  private address: string | undefined;
  private waiting: ((url: string) => void)[] = [];

  private constructor(
    private readonly config: AppConfig,
    /** Whether there is one, running or about to. */
    readonly isOn: boolean,
  ) {}

  static async start(config: AppConfig, host: HttpAdapterHost): Promise<ManagerProcess> {
    const { embedded, dockerSocket } = config.manager;
    const isOn = embedded === 'on' || (embedded === 'auto' && (await answers(dockerSocket)));
    const manager = new ManagerProcess(config, isOn && config.roles.has('worker'));
    if (manager.isOn) {
      host.listen$.subscribe(() => {
        const { port } = (host.httpAdapter.getHttpServer() as { address(): AddressInfo }).address();
        manager.launch(`http://${reachable(config.server.host)}:${port}`);
      });
    }

    return manager;
  }

  /** Its address without a trailing slash, once it runs. @throws when that takes longer than a start should */
  async url(): Promise<string> {
    if (this.address !== undefined) return this.address;

    return within(START_MS, 'it does not start', new Promise((resolve) => this.waiting.push(resolve)));
  }

  onApplicationShutdown(): void {
    this.stopping = true;
    if (this.child?.connected) this.child.disconnect();
  }

  /** Runs in its own session so that Ctrl-C reaches it only through us. */
  private launch(backendUrl: string): void {
    const child = fork(ENTRY, {
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child = child;
    child.once('message', (message) => this.onStarted((message as { url: string }).url));
    child.once('error', (error) => this.log.error(error.message));
    child.once('exit', (code) => {
      this.address = undefined;
      if (this.stopping) return;
      this.log.error(`the executor manager ended with status ${code}; starting it again`);
      setTimeout(() => {
        if (!this.stopping) this.launch(backendUrl);
      }, RESTART_DELAY_MS);
    });
    child.send(this.configFor(backendUrl));
  }

  private onStarted(url: string): void {
    this.address = url;
    for (const resolve of this.waiting.splice(0)) resolve(url);
  }

  /** The name stays the same from start to start, as the directory does: it tells which containers are its own. */
  private configFor(backendUrl: string): AppConfig {
    const directory = createHash('sha256').update(this.config.dataDir).digest('hex').slice(0, 16);
    const manager = { ...this.config.manager, backendUrl, name: `${hostname()}:${directory}` };

    return Object.assign(new AppConfig(), this.config, {
      manager,
      server: { ...this.config.server, host: '127.0.0.1', port: 0 },
    });
  }
}

/** An address of this machine for one that a server listens on. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';

  return host.includes(':') ? `[${host}]` : host;
}

/** Whether a container engine is behind a socket. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/_ping', timeout: PING_MS }, (reply) => {
      reply.resume();
      resolve(reply.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
    request.once('close', () => resolve(false));
  });
}
