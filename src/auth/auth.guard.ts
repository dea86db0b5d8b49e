import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { AppError } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import { type AuthenticatedRequest, type AuthUser, IS_ADMIN_ONLY, IS_PUBLIC } from './auth-user.js';
import { AuthService } from './auth.service.js';
import { OpenRequests } from './tokens/open-requests.js';
import { requireLoopback } from '../common/loopback.js';

/** Global guard: identifies the caller, and refuses unknown ones. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly config: AppConfig,
    private readonly auth: AuthService,
    private readonly reflector: Reflector,
    private readonly open: OpenRequests,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    if (this.config.auth.mode === 'off') requireLoopback(request.headers);
    if (this.has(IS_PUBLIC, context)) return true;

    request.user = await this.identify(request, http.getResponse<FastifyReply>());
    if (this.has(IS_ADMIN_ONLY, context) && request.user.role !== 'admin') {
      throw new AppError('forbidden', 'Only admins may do this');
    }

    return true;
  }

  private async identify(request: AuthenticatedRequest, reply: FastifyReply): Promise<AuthUser> {
    if (this.config.auth.mode === 'off') return this.auth.localUser();
    const claims = await this.auth.claimsOfRequest(request);
    const user = await this.auth.userOfClaims(claims);
    this.open.add(reply, claims);

    return user;
  }

  private has(key: string, context: ExecutionContext): boolean {
    return (
      this.reflector.getAllAndOverride<boolean | undefined>(key, [context.getHandler(), context.getClass()]) ?? false
    );
  }
}
