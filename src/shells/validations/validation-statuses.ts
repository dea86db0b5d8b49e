import { Injectable } from '@nestjs/common';
import { notFound } from '../../common/app-error.js';
import { isDatabaseDown } from '../../infra/database/database-errors.js';
import { type ShownValidation, ValidationCache } from './validation-cache.js';
import { ValidationsRepository } from './validations.repository.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text of a path can be the id of a validation. */
export const isValidationId = (text: string): boolean => UUID.test(text);

/** How far validations are: from the copy in Redis while it is new, else from the row. */
@Injectable()
export class ValidationStatuses {
  constructor(
    private readonly repository: ValidationsRepository,
    private readonly copies: ValidationCache,
  ) {}

  /** @throws AppError not_found, also for what is somebody else's */
  async own(userId: number, id: string): Promise<ShownValidation> {
    const shown = isValidationId(id) ? await this.read(id) : null;
    if (shown?.userId !== userId) throw notFound('Validation');

    return shown;
  }

  /** Null when there is no such validation. */
  async read(id: string): Promise<ShownValidation | null> {
    const copy = await this.copies.get(id);
    if (copy?.isFresh) return copy.shown;
    try {
      const row = await this.repository.find(id);

      return row && (await this.copies.put(row));
    } catch (error) {
      if (copy && isDatabaseDown(error)) return copy.shown;
      throw error;
    }
  }
}
