import { AppError } from '../common/app-error.js';

const RETRY_AFTER_SECONDS = 2;

/** @throws AppError service_unavailable in place of what Redis throws: the executor tries again. @param what is to be sent again */
export async function orUnavailable<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new AppError('service_unavailable', `Redis does not answer: send the ${what} again`, {
      ...{ cause, retryable: true, retryAfter: RETRY_AFTER_SECONDS },
    });
  }
}
