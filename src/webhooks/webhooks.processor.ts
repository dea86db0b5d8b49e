import { Injectable } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { Counter } from 'prom-client';
import { AppError } from '../common/app-error.js';
import { webhookSignatureOf } from '../common/secrets/signature.js';
import { AppConfig } from '../config/app-config.js';
import { logLine } from '../infra/database/database-errors.js';
import { ProviderHttp } from '../infra/http/client/provider-http.js';
import { QueueProcessor } from '../infra/queue/queue-processor.js';
import { QueueWorkers } from '../infra/queue/queue-workers.js';
import { isWebhookPayload, WEBHOOK_BACKOFF, type WebhookPayload, WEBHOOKS } from './webhooks.service.js';
import { firstPart } from '../common/text/text-cut.js';

/** From the start of the connection to the head of the reply. */
const TIMEOUT_MS = 10_000;
/** Characters of a refusal's body that the log gets. */
const SHOWN = 200;

const deliveries = new Counter({
  name: 'conch_webhooks_total',
  help: 'Attempts to deliver a webhook by outcome; given_up: no more follow',
  labelNames: ['outcome'],
});

/**
 * Posts signed messages to the configured address, within the egress rules and without following redirects, until the
 * receiver accepts them or the attempts are used up.
 */
@Injectable()
export class WebhooksProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    private readonly http: ProviderHttp,
    private readonly config: AppConfig,
  ) {
    super(workers, WEBHOOKS, { concurrency: 8, backoff: WEBHOOK_BACKOFF });
  }

  /** Without a receiver jobs of earlier times wait until there is one again. */
  override async onApplicationBootstrap(): Promise<void> {
    if (this.config.webhook.url) await super.onApplicationBootstrap();
  }

  async process(job: Job<unknown>): Promise<void> {
    if (!isWebhookPayload(job.data)) throw new UnrecoverableError(`not a webhook: job ${job.id}`);
    const { task, event } = job.data;
    const status = await this.send(job.data).catch(rethrow);
    deliveries.inc({ outcome: 'delivered' });
    this.log.log(`task ${task.id}: ${event} delivered, HTTP ${status}, attempt ${job.attemptsMade + 1}`);
  }

  /** @returns the receiver's status @throws Error, with a message for the log, when the receiver did not accept it */
  private async send(payload: WebhookPayload): Promise<number> {
    const { url = '', secret = '' } = this.config.webhook;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = {
      'content-type': 'application/json',
      'x-conch-timestamp': timestamp,
      // The client sends the body as JSON.stringify makes it, too.
      'x-conch-signature': webhookSignatureOf(secret, timestamp, JSON.stringify(payload)),
    };
    const late = AbortSignal.timeout(TIMEOUT_MS);
    const response = await this.http.post({ url, headers, body: payload }, late);
    if (response.status >= 200 && response.status < 300) {
      response.release();

      return response.status;
    }
    const text = firstPart(await response.readError(), SHOWN);
    throw new Error(`HTTP ${response.status} ${JSON.stringify(text)}`);
  }

  protected override onFailed(job: Job<WebhookPayload> | undefined, error: Error): void {
    if (!job) return;
    const { event, task } = job.data;
    const isOver = job.finishedOn !== undefined;
    deliveries.inc({ outcome: isOver ? 'given_up' : 'failed' });
    const line = `task ${task.id}: ${event} not delivered, attempt ${job.attemptsMade}: ${logLine(error)}`;
    if (isOver) this.log.error(`${line}; given up`);
    else this.log.warn(line);
  }
}

/** Another attempt cannot help when the configuration forbids the address. */
function rethrow(error: unknown): never {
  if (error instanceof AppError && error.code === 'provider_blocked') throw new UnrecoverableError(error.message);
  throw error;
}
