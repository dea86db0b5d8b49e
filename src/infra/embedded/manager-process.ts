import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { within } from '../../common/async/within.js';
import { AppConfig } from '../../config/app-config.js';

const ENTRY = fileURLToPath(new URL('../../executor-manager/embedded.js', import.meta.url));
const PING_MS = 1_000;
const START_MS = 15_000;
const RESTART_DELAY_MS = 1_000;

/**
 * The embedded executor manager, in a process of its own: the replies of an engine must not delay streams. It starts when
 * the server listens, and ends with it in any case.
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
    /** Whether it runs, or is to be started. */
    readonly isOn: boolean,
  ) {}

  static async start(config: AppConfig, host: HttpAdapterHost): Promise<ManagerProcess> {
    const { embedded, dockerSocket, executors } = config.manager;
    const hasEngine = executors.runtime === 'kubernetes' || (embedded === 'auto' && (await answers(dockerSocket)));
    const isOn = embedded === 'on' || (embedded === 'auto' && hasEngine);
    const manager = new ManagerProcess(config, isOn && config.roles.has('worker'));
    if (manager.isOn) {
      host.listen$.subscribe(() => {
        const { port } = (host.httpAdapter.getHttpServer() as { address(): AddressInfo }).address();
        manager.launch(`http://${reachable(config.server.host)}:${port}`);
      });
    }

    return manager;
  }

  /** Resolves with its address, without a trailing slash, once it runs. @throws when it does not start in time */
  async url(): Promise<string> {
    if (this.address !== undefined) return this.address;

    return within(START_MS, 'it does not start', new Promise((resolve) => this.waiting.push(resolve)));
  }

  onApplicationShutdown(): void {
    this.stopping = true;
    if (this.child?.connected) this.child.disconnect();
  }

  /** Starts it in its own session, so that Ctrl-C does not reach it directly. */
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

  /** Returns its configuration. Its name is derived from the data directory, so that it finds its containers again. */
  private configFor(backendUrl: string): AppConfig {
    const directory = createHash('sha256').update(this.config.dataDir).digest('hex').slice(0, 16);
    const manager = { ...this.config.manager, backendUrl, name: `${hostname()}:${directory}` };

    return Object.assign(new AppConfig(), this.config, {
      manager,
      server: { ...this.config.server, host: '127.0.0.1', port: 0 },
    });
  }
}

/** Returns an address by which this machine reaches a listening server. */
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
