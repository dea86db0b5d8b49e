import type { FastifyInstance } from 'fastify';
import { EventLoopThrottle } from './event-loop-throttle.js';

/** Light requests that begin in one turn of the event loop; together they take a few milliseconds. */
const LIGHT_PER_TURN = 16;

export interface RouteTraits {
  /** Its requests do little before they wait for company, and share what comes then: begun two by two they would have none. */
  isLight?: boolean;
}

/** Lets requests that come in a burst begin a few at a time, see {@link EventLoopThrottle}. */
export function throttleRequests(instance: FastifyInstance): void {
  const turns = new EventLoopThrottle();
  const lightTurns = new EventLoopThrottle(LIGHT_PER_TURN);
  instance.addHook('onRequest', ({ routeOptions }, _reply, done) => {
    const { isLight } = routeOptions.config as RouteTraits;
    (isLight ? lightTurns : turns).begin(done);
  });
}
