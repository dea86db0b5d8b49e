import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { Counter } from 'prom-client';
import { AppConfig } from '../config/app-config.js';
import { logLine } from '../infra/database/database-errors.js';
import { isOutage } from '../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../infra/queue/worker-options.js';
import { isHopeless, WebhookSender } from './webhook-sender.js';
import { isWebhookPayload, webhookBackoff, type WebhookPayload, WEBHOOKS } from './webhooks.jobs.js';

const deliveries = new Counter({
  name: 'conch_webhooks_total',
  help: 'Attempts to deliver a webhook by outcome; given_up: no more follow',
  labelNames: ['outcome'],
});

/** Delivers webhooks, again and again until the receiver takes them or the attempts are used up. */
@Processor(WEBHOOKS, { ...WORKER_OPTIONS, concurrency: 8, settings: { backoffStrategy: webhookBackoff } })
export class WebhooksProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly log = new Logger(WebhooksProcessor.name);

  constructor(
    private readonly sender: WebhookSender,
    private readonly config: AppConfig,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    if (this.config.roles.has('worker') && this.config.webhook.url) void this.worker.run();
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

  @OnWorkerEvent('failed')
  onFailed(job: Job<WebhookPayload> | undefined, error: Error): void {
    if (!job) return;
    const { event, task } = job.data;
    const isOver = job.finishedOn !== undefined;
    deliveries.inc({ outcome: isOver ? 'given_up' : 'failed' });
    const line = `task ${task.id}: ${event} not delivered, attempt ${job.attemptsMade}: ${logLine(error)}`;
    if (isOver) this.log.error(`${line}; given up`);
    else this.log.warn(line);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }
}
