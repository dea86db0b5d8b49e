import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../common/app-error.js';
import { rawBodyOf } from '../infra/http/server/request-body.js';
import { InternalAccess } from './internal-access.js';

/**
 * In front of the routes of executors and their managers, which are `@Public()` for users. Every refusal is the same
 * reply, so that a caller does not learn which part was wrong.
 */
@Injectable()
export class InternalGuard implements CanActivate {
  constructor(private readonly access: InternalAccess) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { headers, socket } = request;
    if (this.access.admits({ headers, address: socket.remoteAddress, body: rawBodyOf(request) })) return true;
    throw new AppError('unauthorized', 'For executors only: send the internal token, or sign the request with it');
  }
}
