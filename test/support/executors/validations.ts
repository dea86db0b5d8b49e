import type { ValidationReport } from '../../../src/common/contracts/image-validation.js';
import type { ValidationDto, ValidationRequestDto } from '../../../src/shells/validations/validation.dto.js';
import type { Api, ErrorBody, Reply } from '../api.js';
import { eventually } from '../child.js';
import type { Conch } from '../conch.js';
import { connect, EventStream } from '../streams/event-stream.js';
import { type FakeManager, INTERNAL_TOKEN } from './executors.js';

/** A validation as JSON has it. */
export type Validation = Omit<ValidationDto, 'createdAt' | 'updatedAt' | 'completedAt'> & {
  completedAt: string | null;
};

/** An order that the manager got. */
export interface Order {
  image: string;
  shell_type: string;
  shell_name?: string;
  validation_id: string;
}

export interface ReceivedState {
  id: string;
  data: Validation & { type: string };
}

/** A user's calls about images, and those of the manager that is asked to look at them. */
export class ImageApi {
  constructor(
    readonly api: Api,
    private readonly manager: FakeManager,
  ) {}

  /** Asks for a validation. @returns its id */
  async validate(image: string, more: object = {}): Promise<string> {
    const { status, body, text } = await this.ask({ image, shellType: 'ClaudeCode', ...more });
    if (status !== 200 || !body.validationId) throw new Error(`validate-image: HTTP ${status} ${text}`);

    return body.validationId;
  }

  ask(body: object): Promise<Reply<ValidationRequestDto & ErrorBody>> {
    return this.api.post('/shells/validate-image', body);
  }

  async status(id: string): Promise<Validation> {
    const { status, body, text } = await this.api.get<Validation>(`/shells/validation-status/${id}`);
    if (status !== 200) throw new Error(`validation ${id}: HTTP ${status} ${text}`);

    return body;
  }

  async ended(id: string): Promise<Validation> {
    return eventually(`validation ${id} ends`, async () => {
      const validation = await this.status(id);

      return validation.outcome !== null && validation;
    });
  }

  /** Reports as the manager does. */
  report(id: string, report: ValidationReport | object, headers: Record<string, string> = AUTHORIZED) {
    return this.api.post<{ ignored?: string } & ErrorBody>(`/shells/validation-status/${id}`, report, headers);
  }

  /** Adds a shell of the image, or gives one that is there the image. @returns the shell as it is then */
  async shell(name: string, baseImage: string): Promise<Shell> {
    const { status, body, text } = await this.api.post<Shell>('/shells', {
      ...{ name, baseImage, baseShellRef: 'ClaudeCode' },
    });
    if (status !== 201) throw new Error(`POST /shells: HTTP ${status} ${text}`);

    return body;
  }

  async shown(name: string): Promise<Shell> {
    return (await this.api.get<Shell>(`/shells/unified/${name}`)).body;
  }

  /** What the manager was asked about an image, once it was. */
  async ordered(image: string): Promise<Order> {
    return eventually(`the manager is asked about ${image}`, () => this.orders(image)[0]);
  }

  orders(image: string): Order[] {
    return this.manager.calls
      .filter(({ path, body }) => path === '/executor-manager/images/validate' && body['image'] === image)
      .map(({ body }) => body as unknown as Order);
  }
}

export interface Shell {
  name: string;
  state: string;
  stateReason: string | null;
  validation: Validation | null;
}

const AUTHORIZED = { authorization: `Bearer ${INTERNAL_TOKEN}` };

/** Live states of one validation. */
export class ValidationStream extends EventStream<ReceivedState> {
  static async open(
    server: Conch,
    id: string,
    headers: Record<string, string>,
    lastEventId?: string,
  ): Promise<ValidationStream> {
    const { outgoing, reply } = await connect(`${server.url}/api/shells/validation-status/${id}/events`, {
      headers: { ...headers, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
    });
    const read = ({ id: eventId = '', data }: { id?: string | undefined; data: string }) => ({
      id: eventId,
      data: JSON.parse(data) as ReceivedState['data'],
    });

    return new ValidationStream(read, outgoing, reply);
  }
}
