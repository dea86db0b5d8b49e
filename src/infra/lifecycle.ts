import { Global, Injectable, Module } from '@nestjs/common';

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
