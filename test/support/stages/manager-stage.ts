import { randomUUID } from 'node:crypto';
import { buildExecutorManager } from '../../../src/executor-manager/executor-manager.setup.js';
import { loadConfig } from '../../../src/config/app-config.js';
import { AppConfigModule } from '../../../src/config/config.module.js';
import type { ValidationReport } from '../../../src/common/contracts/image-validation.js';
import type { ReceiptDto } from '../../../src/executor-manager/executor-manager.dto.js';
import { Api } from '../api.js';
import { DockerServer } from '../executors/docker-engine.js';
import { INTERNAL_TOKEN } from '../executors/executors.js';
import { ReportDesk } from '../executors/report-desk.js';

type Environment = Record<string, string>;

/** The calls of an executor manager, wherever it runs. */
export class ManagerCalls {
  private readonly api: Api;

  constructor(
    readonly url: string,
    token = INTERNAL_TOKEN,
  ) {
    this.api = new Api(url, { authorization: `Bearer ${token}` }, '');
  }

  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown) {
    return this.api.call<T>(method, path, body);
  }

  /** Orders a validation. */
  async submit(image: string, shellType = 'Agno', validationId?: string): Promise<ReceiptDto> {
    const order = { image, shell_type: shellType, ...(validationId !== undefined && { validation_id: validationId }) };
    const { status, body, text } = await this.call<ReceiptDto>('POST', '/executor-manager/images/validate', order);
    if (status !== 200) throw new Error(`HTTP ${status} ${text}`);

    return body;
  }
}

/** A dockerd, an executor manager on it, and a stand-in for the API that it reports to. */
export class ManagerStage {
  private constructor(
    readonly docker: DockerServer,
    readonly desk: ReportDesk,
  ) {}

  static async start(): Promise<ManagerStage> {
    const [docker, desk] = await Promise.all([DockerServer.start(), ReportDesk.start()]);

    return new ManagerStage(docker, desk);
  }

  /** What an executor manager of this stage needs to know. */
  get environment(): Environment {
    return {
      ...{ ROLES: 'executor-manager', PORT: '0', LOG_LEVEL: 'error', MAX_CONCURRENT_TASKS: '0' },
      ...{ INTERNAL_API_TOKEN: INTERNAL_TOKEN, BACKEND_URL: this.desk.url, DOCKER_SOCKET: this.docker.socket },
    };
  }

  /** Starts an executor manager in this process. */
  async manager(environment: Environment = {}): Promise<ManagerCalls & { stop: () => Promise<void> }> {
    // One of its own: managers of the same name take each other's containers for their own leftovers.
    const name = { EXECUTOR_MANAGER_NAME: randomUUID() };
    const config = loadConfig({ ...this.environment, ...name, ...environment });
    const { app, stop } = await buildExecutorManager({ config, module: AppConfigModule.for(config) });
    await app.listen(0, '127.0.0.1');

    return Object.assign(new ManagerCalls(await app.getUrl()), { stop });
  }

  /** Validates an image and waits for the last report. */
  async validate(manager: ManagerCalls, image: string, shellType?: string): Promise<ValidationReport> {
    const id = randomUUID();
    await manager.submit(image, shellType, id);

    return this.desk.ended(id);
  }

  async stop(): Promise<void> {
    await Promise.all([this.docker.stop(), this.desk.close()]);
  }
}
