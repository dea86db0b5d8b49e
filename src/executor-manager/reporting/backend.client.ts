import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ValidationReport } from '../../common/image-validation.js';
import { AppConfig } from '../../config/app-config.js';
import { InternalHttp, type InternalReply } from '../../infra/http/client/internal-http.js';

/** `unwanted`: the validation has ended, or nobody knows of it. */
export type ReportAnswer = 'taken' | 'unwanted';

/** Their cause may pass: the report is sent again. */
const PASSING = [401, 403, 407, 408, 425, 429];

/** The API that a manager works for. */
@Injectable()
export class BackendClient implements OnModuleDestroy {
  private readonly http: InternalHttp;

  constructor(private readonly config: AppConfig) {
    this.http = new InternalHttp(config.auth.internalToken);
  }

  /** Reports on a validation. @throws when the report was not taken and may be sent again */
  async report(validationId: string, report: ValidationReport): Promise<ReportAnswer> {
    const path = `/shells/validation-status/${encodeURIComponent(validationId)}`;
    const { status, body, message } = await this.send('POST', path, report);
    if (status < 300) return body.ignored === 'ended' ? 'unwanted' : 'taken';
    if (status >= 400 && status < 500 && !PASSING.includes(status)) return 'unwanted';
    throw new Error(`HTTP ${status} ${message}`);
  }

  /** Waits up to 10 s. @throws when there is no reply; any status is one */
  send(method: 'POST' | 'PUT', path: string, body: object): Promise<InternalReply> {
    return this.http.send(method, `${this.config.manager.backendUrl}/api${path}`, body);
  }

  onModuleDestroy(): void {
    this.http.close();
  }
}
