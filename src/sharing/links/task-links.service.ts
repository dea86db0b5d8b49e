import { Injectable } from '@nestjs/common';
import { type LinkAccess, type TaskLinkClaims, TaskLinkTokens } from '../../auth/tokens/task-link-tokens.js';
import { UsersService } from '../../auth/users/users.service.js';
import { AppError } from '../../common/app-error.js';
import { TasksService } from '../../tasks/tasks.service.js';
import type { CreateLinkDto, LinkDto } from './task-links.dto.js';

/** Makes, checks and ends the signed links to tasks. Only their epoch is stored, with the task. */
@Injectable()
export class TaskLinksService {
  constructor(
    private readonly tokens: TaskLinkTokens,
    private readonly tasks: TasksService,
    private readonly users: UsersService,
  ) {}

  /** Makes a link to a task of the user. @throws AppError not_found */
  async create(userId: number, taskId: number, request: CreateLinkDto): Promise<LinkDto> {
    const epoch = await this.tasks.linkEpoch(userId, taskId);
    const { access, expires_in_seconds: seconds } = request;
    const expiresAt = Math.floor(Date.now() / 1000) + seconds;
    const token = await this.tokens.sign({ userId, taskId, epoch, access, expiresAt });

    return { token, path: `/shared/${token}`, access, expires_at: new Date(expiresAt * 1000).toISOString() };
  }

  /** Ends all links to a task of the user. @throws AppError not_found */
  endAll(userId: number, taskId: number): Promise<void> {
    return this.tasks.endLinks(userId, taskId);
  }

  /** Returns what a link opens. @throws AppError link_not_valid when it is forged, has expired or was ended */
  async open(token: string): Promise<TaskLinkClaims> {
    const claims = await this.tokens.read(token);
    if (!claims || !(await this.isCurrent(claims))) {
      throw new AppError(
        'link_not_valid',
        'This link is not valid, has expired or was ended: ask its owner for a new one',
      );
    }

    return claims;
  }

  /** Whether a link has neither expired nor been ended. */
  async isCurrent({ userId, taskId, epoch, expiresAt }: TaskLinkClaims): Promise<boolean> {
    if (expiresAt * 1000 <= Date.now() || !(await this.users.isActive(userId))) return false;
    const current = await this.tasks.linkEpoch(userId, taskId).catch(ifNotFound);

    return current === epoch;
  }
}

/** @throws AppError forbidden when a link only reads */
export function requireStop(access: LinkAccess): void {
  if (access === 'read') throw new AppError('forbidden', 'This link only reads: it cannot stop the answer');
}

/** A deleted task has no epoch. */
function ifNotFound(error: unknown): null {
  if (error instanceof AppError && error.code === 'not_found') return null;
  throw error;
}
