import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { Queue } from 'bullmq';
import { TasksChangedEvent } from '../common/contracts/domain-events.js';
import { isJsonObject } from '../common/text/json.js';
import { AppConfig } from '../config/app-config.js';
import { CAPPED_BACKOFF, cappedBackoff } from '../infra/queue/capped-backoff.js';
import type { EndedTask } from '../tasks/events/task-event.js';
import { TaskEventsService } from '../tasks/events/task-events.service.js';

export const WEBHOOKS = 'webhooks';

/** What is sent when a task's turn has ended. */
export interface WebhookPayload {
  event: 'task.completed' | 'task.failed' | 'task.cancelled';
  task: {
    id: number;
    title: string;
    status: 'COMPLETED' | 'FAILED' | 'CANCELLED';
    /** Percent, 0..100. */
    progress: number;
    error_message: string | null;
    team_id: number;
    user_id: number;
    /** ISO 8601, UTC. */
    created_at: string;
    completed_at: string;
  };
  /** The same for every attempt: receivers detect repetitions by it. */
  delivery_id: string;
}

/**
 * Ended jobs are kept, as a second end of the same turn finds its job by its id and adds none. The payload is part
 * of the job: by the time of a later attempt the task may be in its next turn.
 */
export const WEBHOOK_OPTIONS = {
  attempts: 12,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: { age: 7 * 24 * 3600, count: 20_000 },
  removeOnFail: { age: 7 * 24 * 3600, count: 20_000 },
} as const;

/** 1 s, 4 s, 16 s … 17 min, then every hour; all twelve attempts take some six hours. */
export const WEBHOOK_BACKOFF = cappedBackoff({ baseMs: 1_000, capMs: 3_600_000, factor: 4, jitter: 0.2 });

/** One job per end of a turn, however often it is published. (BullMQ refuses ids with a colon.) */
export const webhookJobId = (taskId: number, completedAt: Date): string => `task-${taskId}-${completedAt.getTime()}`;

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

export function isWebhookPayload(data: unknown): data is WebhookPayload {
  return (
    isJsonObject(data) &&
    typeof data.event === 'string' &&
    typeof data.delivery_id === 'string' &&
    isJsonObject(data.task) &&
    Number.isInteger(data.task.id)
  );
}
