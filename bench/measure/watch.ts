/** Watches a server under a load: what it costs, and whether load and provider kept up with it. */
import { clockMs } from './clock.js';
import type { Round } from './figure.js';
import type { Lab } from '../lab.js';
import type { LoadStream } from '../load.js';
import type { Server } from '../server.js';

/** Above it a process waits for its CPU rather than for the server. */
const SATURATED = 0.8;
const SAMPLE_MS = 100;

/** From before the first request until the server is quiet again. */
export class Watch {
  private readonly startedAt = clockMs();
  private readonly cpu: number;
  private readonly loadCpu = process.cpuUsage();
  private readonly providerCpu: number;

  private constructor(
    private readonly lab: Lab,
    private readonly server: Server,
  ) {
    this.cpu = server.treeCpuMs();
    this.providerCpu = lab.provider.cpuMs();
  }

  static async start(lab: Lab, server: Server): Promise<Watch> {
    await server.loop();

    return new Watch(lab, server);
  }

  /** Notes the saturation of the processes around the server as soon as the load has ended. */
  loadEnded(): void {
    const wallMs = clockMs() - this.startedAt;
    const { user, system } = process.cpuUsage(this.loadCpu);
    this.check('load', (user + system) / 1000 / wallMs);
    this.check('provider', (this.lab.provider.cpuMs() - this.providerCpu) / wallMs);
  }

  /** Milliseconds of CPU of all processes of the server, and the longest time that its event loop was held. */
  async stop(): Promise<{ cpuMs: number; loopMax: number }> {
    const cpuMs = this.server.treeCpuMs() - this.cpu;
    const { maxMs } = await this.server.loop();

    return { cpuMs, loopMax: maxMs };
  }

  private check(who: string, share: number): void {
    if (share > SATURATED) this.lab.note(`the ${who} process was a bottleneck: ${Math.round(share * 100)} % of a CPU`);
  }
}

/** Resident memory of a server per open stream, at the moment with the most of them. */
export class StreamMemory {
  private readonly base: number;
  private most = 0;
  private grown = Number.NaN;
  private readonly timer: NodeJS.Timeout;

  /** @param open how many streams have got a token and not their end */
  constructor(
    private readonly server: Server,
    private readonly open: () => number,
  ) {
    this.base = server.treeOwnKiB();
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  /** @returns KiB per stream */
  stop(): number {
    clearInterval(this.timer);

    return this.grown;
  }

  private sample(): void {
    const open = this.open();
    if (open < this.most || open === 0) return;
    this.most = open;
    this.grown = (this.server.treeOwnKiB() - this.base) / open;
  }
}

/** How many answers were refused, and how many had to wait in the queue. */
export function admitted(streams: readonly LoadStream[]): Round {
  return {
    refused: streams.filter(({ refused }) => refused).length,
    queued: streams.filter(({ check }) => check.wasQueued).length,
  };
}
