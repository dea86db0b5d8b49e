import type { FastifyInstance } from 'fastify';

const PER_TURN = 2;

interface Waiting {
  work: () => void;
  cost: number;
}

/**
 * Spreads the start of work that arrives in a burst over several turns of the event loop, so that running streams continue
 * in between. Without it, two hundred requests of one network read delay every stream by 60 to 100 ms. Single work begins
 * at once.
 */
export class EventLoopThrottle {
  private readonly waiting: Waiting[] = [];
  /** Cost of the work that has begun in this turn. */
  private begun = 0;
  private scheduled = false;

  /** @param perTurn cost of the work that may begin in one turn */
  constructor(private readonly perTurn = PER_TURN) {}

  /** Begins `work` now or in one of the next turns, in order. */
  begin(work: () => void, cost = 1): void {
    if (this.tryBegin(cost)) return work();
    this.waiting.push({ work, cost });
    this.schedule();
  }

  /** Claims a place in this turn of the event loop. @returns false when the work has to wait: call {@link begin} then */
  tryBegin(cost = 1): boolean {
    if (this.waiting.length > 0 || this.begun >= this.perTurn) return false;
    this.begun += cost;
    this.schedule();

    return true;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.nextTurn());
  }

  private nextTurn(): void {
    this.scheduled = false;
    this.begun = 0;
    while (this.begun < this.perTurn) {
      const next = this.waiting.shift();
      if (!next) break;
      this.begun += next.cost;
      next.work();
    }
    if (this.begun > 0) this.schedule();
  }
}

/** Light requests that begin in one turn of the event loop: a few milliseconds of work. */
const LIGHT_PER_TURN = 16;

export interface RouteTraits {
  /** Its requests are batched soon after their start, so that many may begin in one turn. */
  isLight?: boolean;
  /** Its body is read before the caller is known: a log-in. */
  isOpen?: boolean;
  /** It is for executors and their managers. A signed body is parsed when its signature is verified. */
  isInternal?: boolean;
  /** Serves the web page, which contains no data. */
  isPage?: boolean;
}

/** Throttles the start of requests, see {@link EventLoopThrottle}. */
export function throttleRequests(instance: FastifyInstance): void {
  const turns = new EventLoopThrottle();
  const lightTurns = new EventLoopThrottle(LIGHT_PER_TURN);
  instance.addHook('onRequest', ({ routeOptions }, _reply, done) => {
    const { isLight } = routeOptions.config as RouteTraits;
    (isLight ? lightTurns : turns).begin(done);
  });
}
