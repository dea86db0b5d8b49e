import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import type { FastifyRequest } from 'fastify';
import { bearerOf } from '../auth-user.js';

const AUDIENCE = 'executor';

/** Which work a token of an executor is for. */
export interface ExecutorClaims {
  taskId: number;
  subtaskId: number;
  /** How often the subtask has been claimed: the executor of an earlier claim has lost it. */
  offer: number;
}

/** Signs and reads the tokens of executors: each for one claim of one subtask, and of no use to the API of users. */
@Injectable()
export class ExecutorTokens {
  private readonly verified = new WeakMap<FastifyRequest, Promise<ExecutorClaims | null>>();

  constructor(private readonly jwt: JwtService) {}

  /** Returns a token that expires after 24 hours, as Wegent's do, unless the subtask ends before. */
  sign({ taskId, subtaskId, offer }: ExecutorClaims): Promise<string> {
    return this.jwt.signAsync(
      { task_id: taskId, subtask_id: subtaskId, offer },
      { audience: AUDIENCE, expiresIn: '24h' },
    );
  }

  /** Returns what the token of a request is for, verified once; null without one, or when it is none of an executor. */
  ofRequest(request: FastifyRequest): Promise<ExecutorClaims | null> {
    const known = this.verified.get(request);
    if (known) return known;
    const token = bearerOf(request.headers.authorization);
    const claims = token === null ? Promise.resolve(null) : this.read(token);
    this.verified.set(request, claims);

    return claims;
  }

  private async read(token: string): Promise<ExecutorClaims | null> {
    const claims = await this.jwt.verifyAsync<Record<string, unknown>>(token, { audience: AUDIENCE }).catch(() => null);
    if (!claims) return null;

    return { taskId: Number(claims.task_id), subtaskId: Number(claims.subtask_id), offer: Number(claims.offer) };
  }
}
