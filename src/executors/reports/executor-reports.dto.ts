import { EnumField, IdField, IntField, ObjectField, TextField } from '../../common/fields.js';
import type { JsonObject } from '../../common/text/json.js';
import { RepairsTexts } from '../../infra/http/server/validation.pipe.js';

/** Wegent's executors say the last four among themselves; its managers may pass them on. */
export const REPORTED_STATUSES = [
  ...(['RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const),
  ...(['SUCCESS', 'TIMEOUT', 'INITIALIZED', 'PRE_EXECUTED'] as const),
] as const;
export type ReportedStatus = (typeof REPORTED_STATUSES)[number];

export type IgnoredReason = 'duplicate' | 'stale' | 'terminal';

const optional = true;
const nullable = true;
const NameField = () => TextField({ min: 0, max: 500, optional, nullable });

/** What an executor says about its subtask. Fields that it does not know are left out or null; unknown ones are ignored. */
@RepairsTexts()
export class ExecutorReportDto {
  @IdField()
  subtask_id!: number;

  /** `SUCCESS` means COMPLETED, `TIMEOUT` FAILED, `INITIALIZED` and `PRE_EXECUTED` RUNNING */
  @EnumField(REPORTED_STATUSES)
  status!: ReportedStatus;

  /** Percent; never goes backwards */
  @IntField({ min: 0, max: 100, optional, nullable })
  progress?: number | null;

  @NameField()
  task_title?: string | null;

  @NameField()
  subtask_title?: string | null;

  @NameField()
  executor_name?: string | null;

  @NameField()
  executor_namespace?: string | null;

  /** The whole answer so far; its `value` is the text. At most EXECUTOR_MAX_RESULT_BYTES */
  @ObjectField({
    optional,
    nullable,
    example: { value: 'so far', thinking: [{ title: '…', next_action: 'continue', details: {} }] },
  })
  result?: JsonObject | null;

  /** Counts with FAILED and CANCELLED only */
  @TextField({ min: 0, max: 1_000_000, optional, nullable })
  error_message?: string | null;

  /** Why it has failed: one of the codes of `error` events, which becomes that of this answer. Counts with FAILED only; others are `internal` */
  @TextField({ min: 0, max: 100, optional, nullable, example: 'provider_auth' })
  error_code?: string | null;

  /** Number of this report, growing with each of the same executor and subtask: older ones are stale */
  @IntField({ min: 0, max: Number.MAX_SAFE_INTEGER, optional, nullable })
  seq?: number | null;

  /** Name of this report: a second one is a duplicate */
  @TextField({ max: 128, optional, nullable })
  event_id?: string | null;
}

/** A report was taken, or is no longer of use. */
export class ReportReceiptDto {
  subtask_id!: number;

  task_id!: number;

  /** As reported; of an ignored report, as it is */
  status!: string;

  progress!: number;

  message!: string;

  /** Only when it changes nothing */
  ignored?: IgnoredReason;
}

/** A sign of life. The body may be left out. */
export class HeartbeatDto {
  @NameField()
  executor_name?: string | null;
}

/** Until when the executor need not be heard of again. */
export class LeaseDto {
  subtask_id!: number;

  task_id!: number;

  /** @example RUNNING */
  status!: string;

  lease_expires_at!: Date;

  /** True: stop, and report CANCELLED */
  cancelling!: boolean;
}
