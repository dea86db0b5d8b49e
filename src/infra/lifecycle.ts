import { hostname } from 'node:os';
import { Global, Injectable, Module } from '@nestjs/common';

/** Identifies this process within an installation: host and process id. */
export const PROCESS_NAME = `${hostname()}:${process.pid}`;

/** Knows whether this process is stopping: it accepts no new work then. */
@Injectable()
export class Lifecycle {
  stopping = false;

  stop(): void {
    this.stopping = true;
  }
}

@Global()
@Module({ providers: [Lifecycle], exports: [Lifecycle] })
export class LifecycleModule {}
