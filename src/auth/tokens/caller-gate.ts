import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppConfig } from '../../config/app-config.js';
import type { RouteTraits } from '../../infra/http/server/event-loop-throttle.js';
import { AuthService } from '../auth.service.js';
import { InternalAccess, unknownCaller } from '../internal-access.js';
import { ExecutorTokens } from './executor-tokens.js';

/**
 * Identifies the sender of a body before it is read. The guard of the route decides again, with the body: what it says, and
 * whether it is signed.
 */
@Injectable()
export class CallerGate {
  constructor(
    private readonly config: AppConfig,
    private readonly auth: AuthService,
    private readonly access: InternalAccess,
    private readonly executors: ExecutorTokens,
  ) {}

  /** @throws AppError unauthorized */
  async identify(request: FastifyRequest): Promise<void> {
    const { isInternal } = request.routeOptions.config as RouteTraits;
    if (isInternal) return this.identifyInternal(request);
    // Without authentication everyone on this machine is the local user, and there is nothing to identify.
    if (this.config.auth.mode === 'jwt') await this.auth.userOfClaims(await this.auth.claimsOfRequest(request));
  }

  private async identifyInternal(request: FastifyRequest): Promise<void> {
    const { headers, socket } = request;
    if (this.access.mayAdmit({ headers, address: socket.remoteAddress })) return;
    if (!(await this.executors.ofRequest(request))) throw unknownCaller();
  }
}
