import { Global, Injectable, Module } from '@nestjs/common';
import { AppConfig } from '../../../config/app-config.js';
import { ManagerProcess } from '../../embedded/manager-process.js';
import { InternalHttp, type InternalReply } from './internal-http.js';

/** Calls the executor manager at EXECUTOR_MANAGER_URL, else the embedded one. */
@Injectable()
export class ExecutorManagerHttp extends InternalHttp {
  constructor(
    private readonly config: AppConfig,
    protected readonly process: ManagerProcess,
  ) {
    super(config.auth.internalToken);
  }

  /** Whether there is an executor manager. */
  get isConfigured(): boolean {
    return this.config.executors.managerUrl !== undefined || this.process.isOn;
  }

  /** Posts a body, and waits up to 10 s, or as long as is said. Resolves with any status. @throws when there is no reply */
  async post(path: string, body: object, timeoutMs?: number): Promise<InternalReply> {
    const options = timeoutMs === undefined ? {} : { timeoutMs };

    return this.send('POST', `${await this.url()}/executor-manager${path}`, body, options);
  }

  /** Reads a path; otherwise like `post`. */
  async get(path: string): Promise<InternalReply> {
    return this.send('GET', `${await this.url()}/executor-manager${path}`);
  }

  protected url(): Promise<string> {
    const { managerUrl } = this.config.executors;
    if (managerUrl !== undefined) return Promise.resolve(managerUrl);

    return this.process.isOn ? this.process.url() : Promise.reject(new Error('there is none'));
  }
}

/** Calls the executor manager that validates images: the embedded one, else the configured one. */
@Injectable()
export class ImageManagerHttp extends ExecutorManagerHttp {
  /** Whether it is the one beside this server. */
  get isEmbedded(): boolean {
    return this.process.isOn;
  }

  /** Waits for an embedded manager that is starting. */
  protected override url(): Promise<string> {
    return this.process.isOn ? this.process.url() : super.url();
  }
}

@Global()
@Module({
  providers: [ExecutorManagerHttp, ImageManagerHttp],
  exports: [ExecutorManagerHttp, ImageManagerHttp],
})
export class ExecutorManagerHttpModule {}
