import type { Api } from './api.js';
import { FakeManager, INTERNAL_TOKEN } from './executors.js';
import { Stage } from './stage.js';
import { ImageApi, ValidationStream } from './validations.js';

const PASSWORD = 'the password of this test';
/** Silence of a tenth of it, and the manager is asked again. */
const TIMEOUT_SECONDS = 40;

/** Two replicas with two users, and a manager that does what the test says. */
export class ImageStage {
  private constructor(
    readonly stage: Stage,
    readonly manager: FakeManager,
    readonly ann: ImageApi,
    /** Ann at the other replica. */
    readonly far: ImageApi,
    readonly ben: ImageApi,
    /** With which Ann calls. */
    readonly headers: Record<string, string>,
  ) {}

  static async start(): Promise<ImageStage> {
    const manager = await FakeManager.start();
    const secrets = { JWT_SECRET: 'a secret of this test only', ADMIN_PASSWORD: PASSWORD };
    const environment = {
      ...{ AUTH_MODE: 'jwt', ...secrets, INTERNAL_API_TOKEN: INTERNAL_TOKEN },
      ...{ EXECUTOR_MANAGER_URL: manager.url, IMAGE_VALIDATION_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS) },
    };
    const stage = await Stage.start('distributed', environment, 2);
    const admin = stage.api.as(await login(stage.api, 'admin'));
    for (const name of ['ann', 'ben']) await admin.post('/users', { user_name: name, password: PASSWORD });
    const [ann, ben] = [await login(stage.api, 'ann'), await login(stage.api, 'ben')];
    const at = (server: number, token: string) => new ImageApi(stage.server(server).api.as(token), manager);

    return new ImageStage(stage, manager, at(0, ann), at(1, ann), at(0, ben), { authorization: `Bearer ${ann}` });
  }

  /** Ann's stream of a validation, at the other replica. */
  open(id: string, lastEventId?: string): Promise<ValidationStream> {
    return ValidationStream.open(this.stage.server(1), id, this.headers, lastEventId);
  }

  /** As if the time of a validation had passed since then. */
  async shift(column: 'heard_at' | 'deadline_at', id: string): Promise<void> {
    const past = `${column} = ${column} - interval '${TIMEOUT_SECONDS} seconds'`;
    await this.stage.postgres.query(`update image_validations set ${past} where id = $1`, [id]);
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
