import type { FastifyInstance } from 'fastify';

const PER_TURN = 2;

interface Waiting {
  work: () => void;
  cost: number;
}

/**
 * Lets work that arrives in a burst begin a little at a time, so that what runs already gets its turn in between.
 *
 * Two hundred requests that one read of the network brings are otherwise handled in one go, which holds every stream
 * up for 60 to 100 ms. Alone, work begins at once.
 */
export class EventLoopThrottle {
  private readonly waiting: Waiting[] = [];
  /** Cost of what has begun in this turn of the event loop. */
  private begun = 0;
  private scheduled = false;

  /** @param perTurn cost of the work that begins in one turn of the event loop: its number, unless it says otherwise */
  constructor(private readonly perTurn = PER_TURN) {}

  /** Begins `work` now or in one of the next turns, in order. */
  begin(work: () => void, cost = 1): void {
    if (this.takes(cost)) return work();
    this.waiting.push({ work, cost });
    this.schedule();
  }

  /** Whether work may begin now. It counts as begun then; else it is to be given to {@link begin}. */
  takes(cost = 1): boolean {
    if (this.waiting.length > 0 || this.begun >= this.perTurn) return false;
    this.begun += cost;
    this.schedule();

    return true;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
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
