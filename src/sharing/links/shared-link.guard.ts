import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { TaskLinkClaims } from '../../auth/tokens/task-link-tokens.js';
import { AppError } from '../../common/app-error.js';
import { RateLimits, secondsToWait } from '../../infra/rate-limit/rate-limits.js';
import { TaskLinksService } from './task-links.service.js';

/** Requests of one address by links. */
const REQUESTS = 240;
const WINDOW_SECONDS = 60;

interface LinkRequest extends FastifyRequest {
  link?: TaskLinkClaims;
  /** By which open streams are counted, see `SseStreams`. */
  streamsOf?: string;
}

/** Identifies the link of a request, after the limit of its address. */
@Injectable()
export class SharedLinkGuard implements CanActivate {
  private readonly limiter: RateLimiterAbstract;

  constructor(
    private readonly links: TaskLinksService,
    limits: RateLimits,
  ) {
    this.limiter = limits.create({ name: 'links', points: REQUESTS, seconds: WINDOW_SECONDS });
  }

  /** @throws AppError too_many_requests, link_not_valid */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<LinkRequest>();
    const retryAfter = await secondsToWait(this.limiter.consume(request.ip));
    if (retryAfter > 0) {
      throw new AppError('too_many_requests', 'Too many requests from your address: send fewer', { retryAfter });
    }
    const { token = '' } = request.params as { token?: string };
    request.link = await this.links.open(token);
    request.streamsOf = `link to ${request.link.taskId}`;

    return true;
  }
}

/** What the link of a request opens. Only behind the {@link SharedLinkGuard}. */
export const CurrentLink = createParamDecorator((_data: unknown, context: ExecutionContext): TaskLinkClaims => {
  const { link } = context.switchToHttp().getRequest<LinkRequest>();
  if (!link) throw new Error('@CurrentLink() in a route without its guard');

  return link;
});
