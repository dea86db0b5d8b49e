/** A server under load, in a process of its own. */
import type { Child } from './child.js';
import type { LoopAnswer, MemoryAnswer } from './probe.js';
import { cpuMs, ownKiB, processTree, redisChild, residentKiB, sumOver, treeCpuMs } from './measure/proc.js';

/** Servers that others have made, measured only on request. */
export type PeerName = 'portkey' | 'ai-sdk';
export type ServerName = 'relay' | 'conch' | PeerName;

/** Whose wire format the provider speaks. */
export type Via = 'claude' | 'openai' | 'dify';

/** The events of an answer: Conch's, which the relay sends as well, those of a provider, or the AI SDK's. */
export type Wire = 'conch' | 'claude' | 'openai' | 'ai-sdk';

/** How an answer of one provider is asked for, and how it is told. */
export interface Target {
  url: string;
  headers?: Record<string, string>;
  body: (prompt: string) => object;
  wire: Wire;
}

/** What is started, and ended by the bench. */
export class Server {
  private readonly redis: number | null;

  constructor(
    readonly name: ServerName,
    readonly targets: Readonly<Partial<Record<Via, Target>>>,
    private readonly child: Child,
    /** Where its data is; empty when it has none. */
    readonly directory = '',
    private readonly cleanUp: () => Promise<void> = () => Promise.resolve(),
    private readonly postmaster: number | null = null,
  ) {
    this.redis = redisChild(child.pid);
  }

  get pid(): number {
    return this.child.pid;
  }

  get base(): string {
    return this.child.url;
  }

  cpuMs(): number {
    return cpuMs(this.pid);
  }

  /** CPU of all of its processes: what it has started counts as its own, and so does its Postgres. */
  treeCpuMs(): number {
    return treeCpuMs(this.pid) + (this.postmaster === null ? 0 : treeCpuMs(this.postmaster));
  }

  /** Memory of all of its processes that is their own, in KiB. */
  treeOwnKiB(): number {
    return sumOver(processTree(this.pid), ownKiB);
  }

  /** Resident memory of all of its processes, in KiB. */
  treeResidentKiB(): number {
    return sumOver(processTree(this.pid), residentKiB);
  }

  /** CPU of its redis-server; 0 when it has none. */
  redisCpuMs(): number {
    return this.redis === null ? 0 : cpuMs(this.redis);
  }

  memory(): Promise<MemoryAnswer> {
    return this.child.ask({ ask: 'gc' });
  }

  /** Delays of its event loop since the last call. */
  loop(): Promise<LoopAnswer> {
    return this.child.ask({ ask: 'loop' });
  }

  async profile(work: () => Promise<void>, file: string): Promise<void> {
    await this.child.ask({ ask: 'profile-start' });
    await work();
    await this.child.ask({ ask: 'profile-stop', file });
  }

  async stop(): Promise<void> {
    await this.child.stop();
    await this.cleanUp();
  }
}
