import { Injectable } from '@nestjs/common';
import { concatMap, filter, interval, type Observable } from 'rxjs';
import type { TaskLinkClaims } from '../../auth/tokens/task-link-tokens.js';
import { AnswerStreams } from '../../direct-chat/request/answer-streams.js';
import type { CancelChatDto } from '../../direct-chat/direct-chat.dto.js';
import type { OpenSseSource } from '../../infra/sse/sse-source.js';
import { TasksService } from '../../tasks/tasks.service.js';
import { type SharedTaskDto, toSharedTask } from './shared.dto.js';
import { requireStop, TaskLinksService } from './task-links.service.js';

/** How often open streams are checked. */
const CHECK_MS = 5_000;

/** What links open. */
@Injectable()
export class SharedService {
  constructor(
    private readonly tasks: TasksService,
    private readonly streams: AnswerStreams,
    private readonly links: TaskLinksService,
  ) {}

  /** Returns what is needed to show the conversation. @throws AppError not_found */
  async task({ userId, taskId, ...link }: TaskLinkClaims): Promise<SharedTaskDto> {
    return toSharedTask(await this.tasks.detail(userId, taskId), link);
  }

  /** Attaches to the newest answer, or to the named one. @throws AppError not_found, stream_not_found */
  attach(link: TaskLinkClaims, subtaskId?: number, lastEventId?: string): Promise<OpenSseSource | null> {
    return this.streams.attach(link.userId, link.taskId, subtaskId, lastEventId);
  }

  /** Stops the newest answer. @throws AppError forbidden, not_found, task_final */
  async cancel({ userId, taskId, access }: TaskLinkClaims): Promise<CancelChatDto> {
    requireStop(access);

    return this.streams.cancel(userId, taskId);
  }

  /** Emits once the link has expired or was ended. While the database is away, links stay as they are. */
  whenEnded(link: TaskLinkClaims): Observable<boolean> {
    const isEnded = () => this.links.isCurrent(link).then((isCurrent) => !isCurrent);

    return interval(CHECK_MS).pipe(
      concatMap(() => isEnded().catch(() => false)),
      filter(Boolean),
    );
  }
}
