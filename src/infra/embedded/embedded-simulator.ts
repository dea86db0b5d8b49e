import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { within } from '../../common/async/within.js';
import { AppConfig } from '../../config/app-config.js';

const ENTRY = new URL('../../../tools/simulator/main.js', import.meta.url);
const START_TIMEOUT_MS = 10_000;
const RESTART_DELAY_MS = 200;

/**
 * The embedded provider simulator, or the address of a running one. It is a thread: it does not hold the event loop of the
 * server, and needs less than half of the memory of a process (10 to 30 MB, not 55).
 */
@Injectable()
export class EmbeddedSimulator implements OnApplicationShutdown {
  private readonly log = new Logger(EmbeddedSimulator.name);
  private worker: Worker | null = null;
  private stopping = false;
  private address: string | undefined;

  /** Base address without trailing slash; undefined when the simulator is off. */
  get url(): string | undefined {
    return this.address;
  }

  static async start(config: AppConfig): Promise<EmbeddedSimulator> {
    const simulator = new EmbeddedSimulator();
    if (config.simulator.kind === 'url') simulator.address = config.simulator.url;
    if (config.simulator.kind === 'embedded') await simulator.launch('0');

    return simulator;
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.worker?.terminate();
  }

  private async launch(port: string): Promise<void> {
    const worker = new Worker(ENTRY, { name: 'simulator', argv: ['--port', port] });
    this.worker = worker;
    worker.on('error', (error) => this.log.error(`the simulator failed: ${error.message}`));
    worker.once('exit', () => this.restart());
    const started = once(worker, 'message') as Promise<[{ url: string }]>;
    const [{ url }] = await within(START_TIMEOUT_MS, 'the simulator did not start within 10 s', started);
    this.address = url;
  }

  /** Starts it again on the same port, which the seeded models have stored. */
  private restart(): void {
    if (this.stopping || !this.address) return;
    this.log.error('the simulator has ended; starting it again');
    const { port } = new URL(this.address);
    setTimeout(() => {
      if (!this.stopping) this.launch(port).catch((error: unknown) => this.log.error((error as Error).message));
    }, RESTART_DELAY_MS);
  }
}
