import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { isJsonObject, type JsonObject } from '../../common/text/json.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';
import type { InternalReply } from '../../infra/http/client/internal-http.js';
import { BackendClient } from './backend.client.js';
import type { ValidationReport, ValidationStage } from '../../common/contracts/image-validation.js';

/** The request to the API that an executor's callback becomes. */
export interface Forward {
  method: 'POST' | 'PUT';
  /** Below `/api`. */
  path: string;
  body: object;
}

/** Returns the request for a callback: Wegent's validators report on images, executors on subtasks. Pure. */
export function forwardOf(callback: JsonObject): Forward {
  const result = isJsonObject(callback.result) ? callback.result : {};
  const id = result.validation_id;
  if (typeof id !== 'string' || id === '') return { method: 'PUT', path: '/executors/tasks', body: callback };
  const path = `/shells/validation-status/${encodeURIComponent(id)}`;

  return { method: 'POST', path, body: reportOf(callback, result) };
}

function reportOf({ status, progress, error_message: error }: JsonObject, result: JsonObject): ValidationReport {
  const state = typeof status === 'string' ? status.toLowerCase() : '';
  const hasFailed = state === 'failed';
  const stage: ValidationStage = hasFailed || state === 'completed' ? 'completed' : 'running_checks';
  const found = isJsonObject(result.validation_result) ? result.validation_result : {};
  const valid = hasFailed ? false : found.valid;

  return {
    status: stage,
    stage,
    ...(typeof progress === 'number' && { progress }),
    ...(typeof valid === 'boolean' && { valid }),
    ...(Array.isArray(found.checks) && { checks: found.checks as ValidationReport['checks'] & object }),
    ...(Array.isArray(found.errors) && { errors: found.errors as string[] }),
    ...(hasFailed && typeof error === 'string' && { errorMessage: error }),
  };
}

/** Forwards the callbacks of executors to the API. */
@Injectable()
export class CallbacksService {
  constructor(private readonly backend: BackendClient) {}

  /** Returns the API's reply, for the executor to act on. @throws AppError service_unavailable when it has to try again */
  async forward(callback: unknown): Promise<InternalReply> {
    if (!isJsonObject(callback)) throw invalid([{ field: 'body', message: 'must be a JSON object' }]);
    const { method, path, body } = forwardOf(callback);
    const reply = await this.backend.send(method, path, body).catch((cause: unknown) => {
      throw new AppError('service_unavailable', 'The API does not answer; try again', { cause });
    });
    // The API rejects the manager's token, not the executor's request.
    if (reply.status === 401) throw new AppError('service_unavailable', "The API refuses the manager's token");

    return reply;
  }
}
