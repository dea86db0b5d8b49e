import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bearerOf } from '../auth/auth-user.js';
import { AppError } from '../common/app-error.js';
import { isDirectFromHere } from '../common/loopback.js';
import { isSameSecret } from '../common/secrets/same-secret.js';
import { AppConfig } from '../config/app-config.js';

/**
 * Guards metrics: by `METRICS_TOKEN` when it is set, otherwise by the address. With `AUTH_MODE=off` every caller is on this
 * machine already.
 */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(private readonly config: AppConfig) {}

  /** @throws AppError unauthorized */
  canActivate(context: ExecutionContext): boolean {
    const { headers, socket } = context.switchToHttp().getRequest<FastifyRequest>();
    const { metricsToken } = this.config.server;
    if (metricsToken !== undefined) {
      if (isSameSecret(bearerOf(headers.authorization) ?? '', metricsToken)) return true;
      throw new AppError('unauthorized', 'Metrics need the METRICS_TOKEN as bearer token');
    }
    if (this.config.auth.mode === 'off' || isDirectFromHere(socket.remoteAddress, headers)) return true;
    throw new AppError(
      'unauthorized',
      'Metrics are for this machine only: set METRICS_TOKEN, and send it as bearer token',
    );
  }
}
