import { Injectable } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { AppError, notFound } from '../../common/app-error.js';
import { ExecutorDoneEvent } from '../../common/contracts/domain-events.js';
import type { PageQuery } from '../../common/page.js';
import { markOmitted } from '../../infra/database/bounded-rows.js';
import { ShellsService } from '../shells.service.js';
import { ValidationTransitions } from './validation-transitions.js';
import { applyReport, endBy } from './validation-state.js';
import { isValidationId, ValidationCache } from './validation-cache.js';
import { toReport, type ValidationReceiptDto, type ValidationReportDto } from './validation-report.dto.js';
import { toValidationDto, type ValidationDto, type ValidationListDto } from './validation.dto.js';
import { ValidationsRepository } from './validations.repository.js';

const CANCELLED = { outcome: 'cancelled', code: 'cancelled', message: 'The validation was cancelled' } as const;
const MESSAGES = {
  ended: 'The validation has ended: nobody waits for more',
  stale: 'Nothing new',
};

/** Validations as their owners see them, and what executor managers report of them. */
@Injectable()
export class ValidationsService {
  constructor(
    private readonly repository: ValidationsRepository,
    private readonly transitions: ValidationTransitions,
    private readonly cache: ValidationCache,
    private readonly shells: ShellsService,
    private readonly events: EventEmitter2,
  ) {}

  /** Returns a validation. @throws AppError not_found */
  async status(userId: number, id: string): Promise<ValidationDto> {
    const { json } = await this.cache.require(userId, id);

    return JSON.parse(json) as ValidationDto;
  }

  /** Returns all of a shell, newest first. @throws AppError not_found, forbidden */
  async ofShell(userId: number, shellName: string, query: PageQuery): Promise<ValidationListDto> {
    const shell = await this.shells.requireOwn(userId, shellName);
    const { total, items } = await this.repository.ofShell(userId, shell, query);

    return { total, items: items.map((row) => markOmitted(toValidationDto(row), row, { detailsOmitted: true })) };
  }

  /** Ends a validation; the manager learns of it by the receipt of its next report. @throws AppError not_found, conflict when it has ended */
  async cancel(userId: number, id: string): Promise<ValidationDto> {
    await this.cache.require(userId, id);
    const ignored = await this.transitions.change(id, (row, now) => endBy(row, CANCELLED, now));
    if (ignored === 'ended') throw new AppError('conflict', 'The validation has ended already');

    return this.status(userId, id);
  }

  /**
   * Applies a report of the manager; stored when this resolves. A container that the manager names at the end is deleted.
   * @throws AppError not_found; service_unavailable when the deletion could not be queued
   */
  async report(id: string, body: ValidationReportDto): Promise<ValidationReceiptDto> {
    const report = toReport(body);
    const ignored = isValidationId(id)
      ? await this.transitions.change(id, (row, now) => applyReport(row, report, now))
      : undefined;
    if (ignored === undefined) throw notFound('Validation');
    const { executor_name: name } = body;
    if (report.status === 'completed' && name)
      await this.events.emitAsync(ExecutorDoneEvent.eventName, new ExecutorDoneEvent(name));

    return ignored === null
      ? { status: 'success', message: 'Report stored' }
      : { status: 'success', message: MESSAGES[ignored], ignored };
  }
}
