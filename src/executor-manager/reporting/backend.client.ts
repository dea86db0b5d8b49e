import { Injectable } from '@nestjs/common';
import type { ValidationReport } from '../../common/contracts/image-validation.js';
import { AppConfig } from '../../config/app-config.js';
import { InternalHttp, type InternalReply } from '../../infra/http/client/internal-http.js';

/** `unwanted`: the validation has ended or is unknown to the API. */
export type ReportAnswer = 'accepted' | 'unwanted';

/** HTTP statuses whose cause is temporary: the report is sent again. */
const TEMPORARY = [401, 403, 407, 408, 425, 429];

/** Whether a request that was answered with this status of 4xx is sent again. */
export const isTemporary = (status: number): boolean => TEMPORARY.includes(status);

/** The API that a manager works for. */
@Injectable()
export class BackendClient extends InternalHttp {
  constructor(private readonly config: AppConfig) {
    super(config.auth.internalToken);
  }

  /** Reports on a validation. @throws Error when the report was not accepted and may be sent again */
  async report(validationId: string, report: ValidationReport): Promise<ReportAnswer> {
    const path = `/shells/validation-status/${encodeURIComponent(validationId)}`;
    const { status, body, message } = await this.send('POST', path, report);
    if (status < 300) return body.ignored === 'ended' ? 'unwanted' : 'accepted';
    if (status >= 400 && status < 500 && !isTemporary(status)) return 'unwanted';
    throw new Error(`HTTP ${status} ${message}`);
  }

  /** Sends a request and waits up to 10 s. @returns the reply, whatever its status @throws Error without a reply */
  override send(method: 'POST' | 'PUT', path: string, body: object): Promise<InternalReply> {
    return super.send(method, `${this.config.manager.backendUrl}/api${path}`, body);
  }
}
