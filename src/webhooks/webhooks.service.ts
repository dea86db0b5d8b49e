import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { Queue } from 'bullmq';
import { TasksChangedEvent } from '../common/domain-events.js';
import { AppConfig } from '../config/app-config.js';
import { type EndedTask, TaskEventsService } from '../tasks/events/task-events.service.js';
import { WEBHOOK_OPTIONS, webhookJobId, type WebhookPayload, WEBHOOKS } from './webhooks.jobs.js';

const EVENTS: Record<EndedTask['status'], WebhookPayload['event']> = {
  COMPLETED: 'task.completed',
  FAILED: 'task.failed',
  CANCELLED: 'task.cancelled',
};

/** Queues a webhook for every task whose turn has ended, if a receiver is configured. */
@Injectable()
export class WebhooksService {
  constructor(
    @InjectQueue(WEBHOOKS) private readonly queue: Queue<WebhookPayload>,
    private readonly tasks: TaskEventsService,
    private readonly config: AppConfig,
  ) {}

  /** Queues the ends among some changes; one that is published twice is queued once. @throws when Redis is unreachable */
  @OnEvent(TasksChangedEvent.eventName, { suppressErrors: false })
  async enqueueEnded({ taskIds }: TasksChangedEvent): Promise<void> {
    if (!this.config.webhook.url) return;
    const ended = await this.tasks.ended(taskIds);
    if (ended.length > 0) await this.queue.addBulk(ended.map(toJob));
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
