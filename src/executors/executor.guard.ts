import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type ExecutorClaims, ExecutorTokens } from '../auth/tokens/executor-tokens.js';
import { InternalGuard } from '../auth/internal-access.js';
import { AppError } from '../common/app-error.js';
import { parseRawBody } from '../infra/http/server/request-body.js';
import { isTerminal } from '../tasks/task-status.js';
import { SubtasksRepository } from './subtasks.repository.js';

/** A call about one subtask, which its path or its body names. */
type SubtaskRequest = FastifyRequest<{
  Params: { subtask_id?: string };
  Body: { subtask_id?: unknown } | null | undefined;
}> & { claimedOffer?: number };

/** The claim that the token of an executor is for, counted from 1; null for a manager. */
export const ClaimedOffer = createParamDecorator((_data: unknown, context: ExecutionContext): number | null => {
  return context.switchToHttp().getRequest<SubtaskRequest>().claimedOffer ?? null;
});

/**
 * Guards the calls of executors about their subtask. Admits the executor by the `auth_token` that it was handed out with
 * the subtask, and managers by what {@link InternalGuard} wants.
 */
@Injectable()
export class ExecutorGuard implements CanActivate {
  constructor(
    private readonly tokens: ExecutorTokens,
    private readonly internal: InternalGuard,
    private readonly subtasks: SubtasksRepository,
  ) {}

  /** @throws AppError unauthorized, forbidden */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<SubtaskRequest>();
    const claims = await this.tokens.ofRequest(request);
    if (!claims) return this.internal.canActivate(context);
    await parseRawBody(request);
    const { subtaskId } = claims;
    if (Number(request.params.subtask_id ?? request.body?.subtask_id) !== subtaskId) {
      throw new AppError('forbidden', `This token is for calls about subtask ${subtaskId} only`);
    }
    if (!(await this.isAlive(claims))) {
      throw new AppError('unauthorized', `Subtask ${subtaskId} has ended or is not yours any more: stop working on it`);
    }

    request.claimedOffer = claims.offer;

    return true;
  }

  /** Read from the database with every call: the token ends with the subtask, and when another executor claims it. */
  private async isAlive({ taskId, subtaskId, offer }: ExecutorClaims): Promise<boolean> {
    const subtask = await this.subtasks.find(subtaskId);
    if (subtask?.taskId !== taskId || subtask.offers !== offer) return false;

    if (subtask.status === 'DELETE' || subtask.taskStatus === 'DELETE') return false;

    // A failure that was only presumed is repaired by the executor that completes its work.
    return !isTerminal(subtask.status) || (subtask.status === 'FAILED' && subtask.isPresumed);
  }
}
