import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppConfig } from '../config/app-config.js';
import { type EndedTask, TaskChangePublisher } from '../tasks/events/task-change.publisher.js';
import { WEBHOOK_OPTIONS, webhookJobId, type WebhookPayload, WEBHOOKS } from './webhooks.jobs.js';

const EVENTS: Record<EndedTask['status'], WebhookPayload['event']> = {
  COMPLETED: 'task.completed',
  FAILED: 'task.failed',
  CANCELLED: 'task.cancelled',
};

/** Queues a message for every task whose turn ends, when there is somebody to send it to. */
@Injectable()
export class WebhooksService implements OnModuleInit {
  constructor(
    @InjectQueue(WEBHOOKS) private readonly queue: Queue<WebhookPayload>,
    private readonly changes: TaskChangePublisher,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    if (this.config.webhook.url) this.changes.onEnded((tasks) => this.enqueue(tasks));
  }

  /** An end that is told twice is queued once. @throws when Redis is away */
  private async enqueue(tasks: readonly EndedTask[]): Promise<void> {
    await this.queue.addBulk(tasks.map(toJob));
  }
}

function toJob(task: EndedTask) {
  const jobId = webhookJobId(task.id, task.completedAt);

  return { name: EVENTS[task.status], data: toPayload(task, jobId), opts: { ...WEBHOOK_OPTIONS, jobId } };
}

function toPayload(task: EndedTask, deliveryId: string): WebhookPayload {
  return {
    event: EVENTS[task.status],
    task: {
      id: task.id,
      title: task.title,
      status: task.status,
      progress: task.progress,
      error_message: task.errorMessage,
      team_id: task.teamId,
      user_id: task.userId,
      created_at: task.createdAt.toISOString(),
      completed_at: task.completedAt.toISOString(),
    },
    delivery_id: deliveryId,
  };
}
