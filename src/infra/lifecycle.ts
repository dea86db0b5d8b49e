import { hostname } from 'node:os';
import { Global, Injectable, Module } from '@nestjs/common';

/** Names this process among all of an installation, for people who look for it: host and process id. */
export const PROCESS_NAME = `${hostname()}:${process.pid}`;

/** Whether this process is on its way out: nothing new is begun then. */
@Injectable()
export class Lifecycle {
  private isStopping = false;

  get stopping(): boolean {
    return this.isStopping;
  }

  stop(): void {
    this.isStopping = true;
  }
}

@Global()
@Module({ providers: [Lifecycle], exports: [Lifecycle] })
export class LifecycleModule {}
