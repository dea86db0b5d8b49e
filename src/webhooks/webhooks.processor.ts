import { Injectable } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { Counter } from 'prom-client';
import { AppConfig } from '../config/app-config.js';
import { logLine } from '../infra/database/database-errors.js';
import { QueueProcessor } from '../infra/queue/queue-processor.js';
import { QueueWorkers } from '../infra/queue/queue-workers.js';
import { isHopeless, WebhookSender } from './webhook-sender.js';
import { isWebhookPayload, WEBHOOK_BACKOFF, type WebhookPayload, WEBHOOKS } from './webhooks.jobs.js';

const deliveries = new Counter({
  name: 'conch_webhooks_total',
  help: 'Attempts to deliver a webhook by outcome; given_up: no more follow',
  labelNames: ['outcome'],
});

/** Delivers webhooks, again and again until the receiver takes them or the attempts are used up. */
@Injectable()
export class WebhooksProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    private readonly sender: WebhookSender,
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
    const status = await this.send(job.data);
    deliveries.inc({ outcome: 'delivered' });
    this.log.log(`task ${task.id}: ${event} delivered, HTTP ${status}, attempt ${job.attemptsMade + 1}`);
  }

  private async send(payload: WebhookPayload): Promise<number> {
    try {
      return await this.sender.send(payload);
    } catch (error) {
      if (isHopeless(error)) throw new UnrecoverableError((error as Error).message);
      throw error;
    }
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
