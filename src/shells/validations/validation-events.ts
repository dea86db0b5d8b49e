import { Injectable, type MessageEvent } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { openReader, type SseReader } from '../../infra/sse/sse-reader-source.js';
import type { OpenSseSource } from '../../infra/sse/sse-source.js';
import { type ChannelSubscription, ChannelSubscriptions } from '../../infra/redis/channel-subscriptions.js';
import { keys } from '../../infra/redis/keys.js';
import { type ShownValidation, ValidationCache } from './validation-cache.js';

/** Pause before the next attempt when a store is away. */
const RETRY_MS = 500;

/** Live events of validations: each is the whole state, so that a client that reconnects needs the newest only. */
@Injectable()
export class ValidationEventsService {
  constructor(
    private readonly cache: ValidationCache,
    private readonly feeds: ChannelSubscriptions,
  ) {}

  /** Opens the stream of a validation; null when the client has the last event already. @throws AppError not_found */
  async open(userId: number, id: string, lastEventId: string | undefined): Promise<OpenSseSource | null> {
    const { isEnded, revision } = await this.cache.require(userId, id);
    const seen = revisionOf(id, lastEventId);
    if (isEnded && seen >= revision) return null;

    return openReader(this.feeds, keys.validationLive(id), (feed, signal) => {
      return new ValidationReader(id, seen, this.cache, feed, signal);
    });
  }
}

/** Cursor of one client over the states of a validation. */
class ValidationReader implements SseReader {
  ended = false;

  constructor(
    private readonly id: string,
    private seen: number,
    private readonly cache: ValidationCache,
    private readonly feed: ChannelSubscription,
    private readonly signal: AbortSignal,
  ) {}

  async next(): Promise<readonly MessageEvent[]> {
    while (!this.signal.aborted) {
      const { version } = this.feed;
      const shown = await this.read();
      if (shown && shown.revision > this.seen) return [this.toMessage(shown)];
      if (shown) await this.feed.changed(version, this.signal);
      else await sleep(RETRY_MS, undefined, { signal: this.signal }).catch(() => undefined);
    }

    return [];
  }

  /** Returns null when the stores are away, which is logged elsewhere. */
  private read(): Promise<ShownValidation | null> {
    return this.cache.find(this.id).catch(() => null);
  }

  private toMessage({ revision, isEnded, json }: ShownValidation): MessageEvent {
    this.seen = revision;
    this.ended = isEnded;

    return { id: `${this.id}-${revision}`, data: `{"type":"validation",${json.slice(1)}` };
  }
}

/** Returns the newest revision that a client has; 0 for none, and for what is no event of this stream. */
function revisionOf(id: string, eventId: string | undefined): number {
  const text = eventId?.startsWith(`${id}-`) ? eventId.slice(id.length + 1) : '';

  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
