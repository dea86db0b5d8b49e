import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { within } from '../../common/async/within.js';
import { AppConfig } from '../../config/app-config.js';

const ENTRY = fileURLToPath(new URL('../../../tools/simulator/main.js', import.meta.url));
const START_TIMEOUT_MS = 10_000;

/** The embedded provider simulator: a child process, or the address of a running one. */
@Injectable()
export class SimulatorProcess implements OnApplicationShutdown {
  private readonly log = new Logger(SimulatorProcess.name);
  private child: ChildProcess | null = null;
  private stopping = false;
  private address: string | undefined;

  /** Base address without trailing slash; undefined when the simulator is off. */
  get url(): string | undefined {
    return this.address;
  }

  static async start(config: AppConfig): Promise<SimulatorProcess> {
    const simulator = new SimulatorProcess();
    if (config.simulator.kind === 'url') simulator.address = config.simulator.url;
    if (config.simulator.kind === 'child') await simulator.launch('0');

    return simulator;
  }

  onApplicationShutdown(): void {
    this.stopping = true;
    this.child?.disconnect();
  }

  /** Starts it in its own session, so that Ctrl-C does not end it before the running answers. */
  private async launch(port: string): Promise<void> {
    const child = fork(ENTRY, ['--port', port], { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.child = child;
    child.once('exit', (code) => this.restart(code));
    const address = new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { url: string }).url));
      child.once('error', reject);
    });
    this.address = await within(START_TIMEOUT_MS, 'the simulator did not start within 10 s', address);
  }

  /** Starts it again on the same port, which the seeded models have stored. */
  private restart(code: number | null): void {
    if (this.stopping || !this.address) return;
    this.log.error(`the simulator ended with status ${code}; starting it again`);
    const port = new URL(this.address).port;
    setTimeout(() => {
      if (!this.stopping) this.launch(port).catch((error: unknown) => this.log.error((error as Error).message));
    }, 200);
  }
}
