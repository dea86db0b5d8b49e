import { AppError, type AppErrorOptions, type ErrorCode } from '../../common/app-error.js';
import type { RetryHints } from './retry-hints.js';

/** An error with what the provider asked for concerning retries. */
export class ProviderError extends AppError {
  constructor(
    code: ErrorCode,
    message: string,
    options: AppErrorOptions,
    readonly hints: RetryHints,
  ) {
    super(code, message, options);
  }
}
