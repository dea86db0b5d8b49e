import type { ErrorCode } from '../../../common/app-error.js';

/** What is wrong with one field of a request. */
export class FieldProblemDto {
  field!: string;

  message!: string;
}

/** Body of every error reply. */
export class ErrorDto {
  statusCode!: number;

  /** Stable; decide by it, not by the text */
  code!: ErrorCode;

  message!: string;

  /** The same text */
  detail!: string;

  request_id!: string;

  errors?: FieldProblemDto[];

  /** Only with `events_gap`: number of the newest event of this claim that is stored */
  last?: number;
}
