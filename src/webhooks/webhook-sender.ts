import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { signatureOf } from '../common/signature.js';
import { AppConfig } from '../config/app-config.js';
import { ProviderHttp } from '../infra/http/client/provider-http.js';
import type { WebhookPayload } from './webhooks.jobs.js';

/** From the start of the connection to the head of the reply. */
const TIMEOUT_MS = 10_000;
/** Characters of a refusal's body that the log gets. */
const SHOWN = 200;

/** Posts signed messages to the configured address, within the egress rules. Redirects are not followed. */
@Injectable()
export class WebhookSender {
  constructor(
    private readonly http: ProviderHttp,
    private readonly config: AppConfig,
  ) {}

  /**
   * @returns the receiver's status, which is one of success
   * @throws AppError provider_blocked when the address may not be reached; another Error when the receiver did not
   *   take it, with a message for the log
   */
  async send(payload: WebhookPayload): Promise<number> {
    const { url = '', secret = '' } = this.config.webhook;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = {
      'content-type': 'application/json',
      'x-conch-timestamp': timestamp,
      // The client sends the body as JSON.stringify makes it, too.
      'x-conch-signature': signatureOf(secret, timestamp, JSON.stringify(payload)),
    };
    const late = AbortSignal.timeout(TIMEOUT_MS);
    const response = await this.http.post({ url, headers, body: payload }, late);
    if (response.status >= 200 && response.status < 300) {
      response.release();

      return response.status;
    }
    const text = (await response.readError()).slice(0, SHOWN);
    throw new Error(`HTTP ${response.status} ${JSON.stringify(text)}`);
  }
}

/** Whether another attempt cannot help: the configuration forbids the address. */
export const isHopeless = (error: unknown): boolean => error instanceof AppError && error.code === 'provider_blocked';
