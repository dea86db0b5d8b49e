import { Global, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { InternalHttp, type InternalReply } from './internal-http.js';

/** Calls of the executor manager at EXECUTOR_MANAGER_URL. */
@Injectable()
export class ExecutorManagerHttp implements OnModuleDestroy {
  private readonly http: InternalHttp;
  private readonly url: string | undefined;

  constructor({ executors, auth }: AppConfig) {
    this.url = executors.managerUrl;
    this.http = new InternalHttp(auth.internalToken);
  }

  /** Whether there is one. */
  get isConfigured(): boolean {
    return this.url !== undefined;
  }

  /** Waits up to 10 s. @throws when there is no reply; any status is one */
  post(path: string, body: object): Promise<InternalReply> {
    return this.http.send('POST', `${this.url ?? ''}/executor-manager${path}`, body);
  }

  onModuleDestroy(): void {
    this.http.close();
  }
}

@Global()
@Module({ providers: [ExecutorManagerHttp], exports: [ExecutorManagerHttp] })
export class ExecutorManagerHttpModule {}
