import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { isJsonObject } from '../../common/json.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import type { InternalReply } from '../../infra/http/client/internal-http.js';
import { BackendClient } from './backend.client.js';
import { forwardOf } from './callback.js';

/** Passes on what executors report to their manager. */
@Injectable()
export class CallbacksService {
  constructor(private readonly backend: BackendClient) {}

  /** @returns the API's reply, for the executor to act on @throws AppError when there is none: it has to try again */
  async forward(callback: unknown): Promise<InternalReply> {
    if (!isJsonObject(callback)) throw invalid([{ field: 'body', message: 'must be a JSON object' }]);
    const { method, path, body } = forwardOf(callback);
    const reply = await this.backend.send(method, path, body).catch((cause: unknown) => {
      throw new AppError('service_unavailable', 'The API does not answer; try again', { cause });
    });
    // It is this manager whom the API does not know, not the executor.
    if (reply.status === 401) throw new AppError('service_unavailable', "The API refuses the manager's token");

    return reply;
  }
}
