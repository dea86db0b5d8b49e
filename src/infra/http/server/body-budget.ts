import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../../common/app-error.js';
import type { RouteTraits } from './event-loop-throttle.js';
import { SIGNATURE_HEADER } from './request-body.js';
import { announcesBody } from './request-gate.js';

/**
 * Bytes of larger internal bodies that may be in memory at once. Parsed and on its way into Redis, a body needs some four
 * times as much.
 */
const MAX_BYTES = 64 * 1024 * 1024;
/** The part that one executor may have: others report as well. */
const SHARE = 1 / 4;
/** Smaller bodies, heartbeats among them, are not counted. */
const SMALL_BYTES = 32 * 1024;
const MAX_WAITING = 256;
const PATIENCE_MS = 10_000;
const RETRY_AFTER_SECONDS = 1;

interface Waiting {
  bytes: number;
  begin: () => void;
}

/** Bounds the bytes of request bodies that are in memory at once. Those that do not fit wait for a while, unread. */
export class BodyBudget {
  private used = 0;
  private readonly waiting: Waiting[] = [];
  private readonly shares = new Map<string, number>();

  constructor(
    private readonly maxBytes = MAX_BYTES,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** Bytes that are in memory. */
  get usedBytes(): number {
    return this.used;
  }

  /**
   * Waits until a body may be read, in the order of the requests. One that is larger than all there is gets its turn alone.
   * @param caller who has only a share of the budget; null: without such a limit
   * @returns releases the bytes; only the first call counts
   * @throws AppError too_many_requests for a caller beyond its share; service_unavailable after a while
   */
  async reserve(bytes: number, caller: string | null): Promise<() => void> {
    const release = this.claimShare(bytes, caller);
    try {
      if (this.waiting.length > 0 || !this.fits(bytes)) await this.wait(bytes);
      else this.used += bytes;
    } catch (error) {
      release();
      throw error;
    }
    let isHeld = true;

    return () => {
      if (!isHeld) return;
      isHeld = false;
      release();
      this.used -= bytes;
      this.beginWaiting();
    };
  }

  private fits(bytes: number): boolean {
    return this.used === 0 || this.used + bytes <= this.maxBytes;
  }

  private claimShare(bytes: number, caller: string | null): () => void {
    if (caller === null) return () => undefined;
    const used = this.shares.get(caller) ?? 0;
    if (used > 0 && used + bytes > this.maxBytes * SHARE) {
      throw new AppError('too_many_requests', 'You send too many large reports at once: wait for the reply to one', {
        retryAfter: RETRY_AFTER_SECONDS,
      });
    }
    this.shares.set(caller, used + bytes);

    return () => {
      const left = (this.shares.get(caller) ?? 0) - bytes;
      if (left > 0) this.shares.set(caller, left);
      else this.shares.delete(caller);
    };
  }

  private wait(bytes: number): Promise<void> {
    if (this.waiting.length >= MAX_WAITING) throw noRoom();

    return new Promise((resolve, reject) => {
      const one: Waiting = {
        bytes,
        begin: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(one), 1);
        reject(noRoom());
        this.beginWaiting();
      }, this.patienceMs);
      this.waiting.push(one);
    });
  }

  private beginWaiting(): void {
    for (let next = this.waiting[0]; next && this.fits(next.bytes); next = this.waiting[0]) {
      this.waiting.shift();
      this.used += next.bytes;
      next.begin();
    }
  }
}

const noRoom = () =>
  new AppError('service_unavailable', 'Too many large reports arrive at once: send it again', {
    retryAfter: RETRY_AFTER_SECONDS,
    retryable: true,
  });

/** Bounds the larger bodies of internal calls, from before they are read until their reply. Called after callers are identified. */
export function limitInternalBodies(instance: FastifyInstance, budget = new BodyBudget()): void {
  instance.addHook('preParsing', async (request, reply) => {
    const { isInternal } = request.routeOptions.config as RouteTraits;
    if (!isInternal || !announcesBody(request.raw)) return;
    const bytes = bytesOf(request);
    if (bytes > SMALL_BYTES) releaseAtEnd(reply, await budget.reserve(bytes, callerOf(request)));
  });
}

/** Who has a share: the owner of a token, or the sender of a signature, which is not verified yet. Others are known by their address. */
function callerOf({ headers, socket }: FastifyRequest): string | null {
  const { authorization, [SIGNATURE_HEADER]: signature } = headers;

  return authorization ?? (signature === undefined ? null : `signed, from ${socket.remoteAddress}`);
}

/** What a body may come to: as announced, else what the route accepts. Refused anyway when it is more than that. */
function bytesOf({ headers, routeOptions }: FastifyRequest): number {
  const { bodyLimit } = routeOptions;
  const announced = Number(headers['content-length'] ?? bodyLimit);

  return announced > bodyLimit ? 0 : announced;
}

function releaseAtEnd({ raw }: FastifyReply, release: () => void): void {
  if (raw.destroyed || raw.closed) release();
  else raw.once('close', release);
}
