import type { EventSourceMessage } from 'eventsource-parser';
import type { EventBatch } from './event-batch.js';

/** Turns one provider's events into the project's. Pure and stateful: one object per reply. */
export interface AnswerMapper {
  /** An event that was more than a ping has come: the model is at work. */
  readonly started: boolean;
  /** The `finish` event was given: whatever follows is ignored. */
  readonly finished: boolean;
  /** Throws an `AppError` when the event says that the answer failed. */
  push(event: EventSourceMessage, batch: EventBatch): void;
  /** A reply that came whole, as JSON, although a stream was asked for. */
  pushWhole(reply: unknown, batch: EventBatch): void;
  /** The body is over, orderly or not: finishes the answer, or throws `provider_truncated` when it is not whole. */
  end(batch: EventBatch): void;
}
