import type { MessageEvent } from '@nestjs/common';

/**
 * The events of one response. Pulled, so that a slow client costs only its position in the source; without a promise per
 * event, because most events are tokens.
 */
export interface SseSource {
  /** Nothing comes after what {@link read} has returned. */
  readonly ended: boolean;
  /**
   * Returns the next events, each with an id, if they are available. After it has returned null, and not before, `onReady`
   * is called as soon as there may be more.
   */
  read(): readonly MessageEvent[] | null;
  /** Set by the reader. */
  onReady: () => void;
  /** Releases the source; nothing is read afterwards. May be called more than once. */
  close(): void;
}

/** Opens a source once the response has begun. */
export type OpenSseSource = () => Promise<SseSource>;
