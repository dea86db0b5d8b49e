import type { Api } from '../api.js';
import { FakeManager, INTERNAL_TOKEN } from '../executors/executors.js';
import { Stage, type StageKind } from './stage.js';
import { ImageApi } from '../executors/validations.js';

/** Of all users of the stage. */
export const PASSWORD = 'the password of this test';

/** What a manager says that takes an order. */
export const SUBMITTED = { status: 200, body: { status: 'submitted', message: 'ok', validation_task_id: -1 } };

/** Servers with a stand-in for their executor manager, and users who ask about images. */
export class ImageStage {
  private constructor(
    readonly stage: Stage,
    readonly manager: FakeManager,
    /** Of Ann. */
    readonly headers: Record<string, string>,
    readonly ann: ImageApi,
    /** Ann at the last replica. */
    readonly far: ImageApi,
    readonly ben: ImageApi,
  ) {}

  static async start(kind: StageKind, timeoutSeconds: number): Promise<ImageStage> {
    const manager = await FakeManager.start();
    const secrets = { JWT_SECRET: 'a secret of this test only', ADMIN_PASSWORD: PASSWORD };
    const environment = {
      ...{ AUTH_MODE: 'jwt', ...secrets, INTERNAL_API_TOKEN: INTERNAL_TOKEN },
      ...{ EXECUTOR_MANAGER_URL: manager.url, IMAGE_VALIDATION_TIMEOUT_SECONDS: String(timeoutSeconds) },
    };
    const replicas = kind === 'embedded' ? 1 : 2;
    const stage = await Stage.start(kind, environment, replicas);
    const admin = stage.api.as(await login(stage.api, 'admin'));
    for (const name of ['ann', 'ben']) await admin.post('/users', { user_name: name, password: PASSWORD });
    const token = await login(stage.api, 'ann');
    const ann = new ImageApi(stage.api.as(token), manager);
    const far = new ImageApi(stage.server(replicas - 1).api.as(token), manager);
    const ben = new ImageApi(stage.api.as(await login(stage.api, 'ben')), manager);

    return new ImageStage(stage, manager, { authorization: `Bearer ${token}` }, ann, far, ben);
  }

  async stop(): Promise<void> {
    await this.stage.stop();
    await this.manager.close();
  }
}

async function login(api: Api, name: string): Promise<string> {
  const { body } = await api.post<{ access_token: string }>('/auth/login', { user_name: name, password: PASSWORD });

  return body.access_token;
}
