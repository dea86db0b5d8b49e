import type { MessageEvent } from '@nestjs/common';

/**
 * Where the events of one response come from. Pulled, so that a slow client costs its place in the source and nothing
 * else; without a promise per event, because most events are tokens.
 */
export interface SseSource {
  /** Nothing comes after what {@link read} has returned. */
  readonly ended: boolean;
  /**
   * Returns the next events, each with an id, if they are at hand. After it has returned null, and not before,
   * `onReady` is called as soon as another read is worthwhile.
   */
  read(): readonly MessageEvent[] | null;
  /** Set by the reader. */
  onReady: () => void;
  /** Releases the source; nothing is read afterwards. May be called more than once. */
  close(): void;
}

/** Opens a source once the response has begun. */
export type OpenSseSource = () => Promise<SseSource>;
