import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { createHmac } from 'node:crypto';
import { Secrets } from '../../infra/crypto/secrets.js';

const AUDIENCE = 'task-link';

/** What the owner of a link may do. */
export type LinkAccess = 'read' | 'read_and_stop';

/** What a link opens. */
export interface TaskLinkClaims {
  userId: number;
  taskId: number;
  /** The task's `link_epoch` when the link was made: a higher one has ended it. */
  epoch: number;
  access: LinkAccess;
  /** Unix seconds. */
  expiresAt: number;
}

/** Signs and reads the tokens of links to tasks. Their key is another one than that of log-ins, and so is their audience. */
@Injectable()
export class TaskLinkTokens {
  private readonly secret: Buffer;

  constructor(
    private readonly jwt: JwtService,
    { jwtSecret }: Secrets,
  ) {
    this.secret = createHmac('sha256', jwtSecret).update('links to tasks').digest();
  }

  sign({ userId, taskId, epoch, access, expiresAt }: TaskLinkClaims): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    const claims = { user_id: userId, task_id: taskId, epoch, access, iat };

    return this.jwt.signAsync(claims, { secret: this.secret, audience: AUDIENCE, expiresIn: expiresAt - iat });
  }

  /** Returns what a token opens; null when it is none of a link, or has expired. */
  async read(token: string): Promise<TaskLinkClaims | null> {
    const options = { secret: this.secret, audience: AUDIENCE };
    const claims = await this.jwt.verifyAsync<Record<string, unknown>>(token, options).catch(() => null);
    if (!claims) return null;
    const { user_id: userId, task_id: taskId, epoch, access, exp } = claims;

    return {
      ...{ userId: Number(userId), taskId: Number(taskId), epoch: Number(epoch), expiresAt: Number(exp) },
      access: access === 'read_and_stop' ? 'read_and_stop' : 'read',
    };
  }
}
