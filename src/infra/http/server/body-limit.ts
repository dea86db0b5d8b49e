import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { AppConfig } from '../../../config/app-config.js';
import type { RouteTraits } from './request-throttle.js';

/** Bytes that a route's body may have, by the configuration. */
export type BodyLimit = (config: AppConfig) => number;

interface LimitedRoute {
  maxBodyBytes?: BodyLimit;
}

/** Gives a route a limit of its own in place of the server's. @param more its other traits: a second decorator would replace them */
export const MaxBodyBytes = (maxBodyBytes: BodyLimit, more: RouteTraits = {}) => RouteConfig({ ...more, maxBodyBytes });

/** Makes {@link MaxBodyBytes} count; before the routes are registered. */
export function applyBodyLimits(instance: FastifyInstance, config: AppConfig): void {
  instance.addHook('onRoute', (route) => {
    const { maxBodyBytes } = (route.config ?? {}) as LimitedRoute;
    if (maxBodyBytes) route.bodyLimit = maxBodyBytes(config);
  });
}
