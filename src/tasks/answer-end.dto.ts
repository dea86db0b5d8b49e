import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { CancelProof } from '../common/contracts/chat-event.js';

/** What a cancel reached, and how fast. */
export class StopProofDto {
  /** Milliseconds from the cancel request to the closed socket of the provider */
  provider_closed_ms?: number;
  @ApiPropertyOptional({ enum: ['confirmed', 'sent', 'failed'] }) dify_stop?: CancelProof['dify_stop'];
  executor_acked?: boolean;
  /** queued: nothing was asked */
  @ApiProperty({ enum: ['queued', 'running'] }) while!: CancelProof['while'];
}

/** What the last event of an answer's stream has told besides its text. */
export class AnswerEndDto {
  /** COMPLETED: as in the event done */
  finish_reason?: string;
  /** FAILED: as in the event error */
  code?: string;
  /** FAILED: asking again may help */
  retryable?: boolean;
  /** FAILED: HTTP status of the provider */
  provider_status?: number;
  /** CANCELLED: as in the event cancelled */
  proof?: StopProofDto;
}

const TOLD = ['finish_reason', 'code', 'retryable', 'provider_status', 'proof'] as const;

/** The end of an answer by its stored last event; nothing without one. */
export function toAnswerEnd(event: Record<string, unknown> | null): { end?: AnswerEndDto } {
  if (event === null) return {};

  return { end: Object.fromEntries(TOLD.filter((name) => name in event).map((name) => [name, event[name]])) };
}
