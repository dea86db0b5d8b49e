/** From the report of an executor to a task update. Pure. */
import { type FieldProblem, isRunErrorCode, RETRYABLE_RUN_ERRORS } from '../../common/app-error.js';
import type { JsonObject } from '../../common/text/json.js';
import type { ExecutorReport, TaskUpdate } from '../../tasks/tasks.jobs.js';
import type { ExecutorReportDto, IgnoredReason, ReportedStatus } from './executor-reports.dto.js';
import { firstPart } from '../../common/text/text-cut.js';
import type { KnownReport } from './report-dedup-cache.js';

const STATUS: Readonly<Record<ReportedStatus, TaskUpdate['status']>> = {
  RUNNING: 'RUNNING',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
  SUCCESS: 'COMPLETED',
  TIMEOUT: 'FAILED',
  INITIALIZED: 'RUNNING',
  PRE_EXECUTED: 'RUNNING',
};
const MAX_ERROR_CHARS = 20_000;
/** Wegent's executors send the name of a template in place of a reason. */
const PLACEHOLDER = /^\$\{\{.*\}\}$/;

/** What is known of a subtask when a report about it arrives. */
export interface KnownReports extends KnownReport {
  /** The subtask has ended. */
  ended: boolean;
}

/** Returns why a report changes nothing; null when it may. The processor decides again: more may be on the way. */
export function reasonToIgnore(report: ExecutorReportDto, known: KnownReports): IgnoredReason | null {
  if (known.isKnownEvent) return 'duplicate';
  if (known.ended) return 'terminal';
  const { executor_name: name, seq } = report;
  if (name && known.executorName && name !== known.executorName) return 'stale';
  if (seq == null || known.newestSeq === null || seq > known.newestSeq) return null;

  return seq === known.newestSeq ? 'duplicate' : 'stale';
}

/** Returns what is wrong with a result. */
export function resultProblems(result: JsonObject | null | undefined): FieldProblem[] {
  const value = result?.['value'];

  return value == null || typeof value === 'string'
    ? []
    : [{ field: 'result.value', message: 'result.value must be a text' }];
}

/** @param attempt how often the subtask has been claimed */
export function toTaskUpdate(dto: ExecutorReportDto, attempt: number): TaskUpdate {
  const status = STATUS[dto.status];
  const errorMessage = errorOf(dto, status);

  return {
    subtaskId: dto.subtask_id,
    status,
    ...(dto.progress != null && { progress: dto.progress }),
    ...(dto.result && { result: { ...dto.result, value: (dto.result['value'] ?? '') as string } }),
    ...(errorMessage !== undefined && { errorMessage }),
    ...(status === 'FAILED' && !hasReason(dto) && { isPresumed: true }),
    ...terminalOf(dto, status, errorMessage),
    report: detailsOf(dto, attempt),
  };
}

function terminalOf(
  { error_code: code }: ExecutorReportDto,
  status: TaskUpdate['status'],
  error = '',
): Pick<TaskUpdate, 'terminal'> {
  if (status === 'CANCELLED') return { terminal: { event: cancelledEvent('running', true), seq: 2 } };
  if (status !== 'FAILED' || !code || !isRunErrorCode(code)) return {};

  return { terminal: { event: { type: 'error', error, code, retryable: RETRYABLE_RUN_ERRORS.has(code) }, seq: 2 } };
}

/** The end of a cancelled subtask, with what the cancel has reached. */
export function cancelledEvent(phase: 'queued' | 'running', acked: boolean) {
  return { type: 'cancelled', cancelled: true, proof: { executor_acked: acked, while: phase } } as const;
}

function detailsOf(dto: ExecutorReportDto, attempt: number): ExecutorReport {
  return {
    offer: attempt,
    ...(dto.seq != null && { seq: dto.seq }),
    ...(dto.event_id != null && { eventId: dto.event_id }),
    ...(dto.executor_name && { executorName: dto.executor_name }),
    ...(dto.executor_namespace && { executorNamespace: dto.executor_namespace }),
    ...(dto.task_title && { taskTitle: dto.task_title }),
    ...(dto.subtask_title && { subtaskTitle: dto.subtask_title }),
  };
}

/** An executor says why it failed; Wegent's manager does not, for example when a container of the same name still works. */
const hasReason = (dto: ExecutorReportDto) => dto.status === 'TIMEOUT' || !!dto.error_code || reasonOf(dto) !== '';

function reasonOf({ error_message: text }: ExecutorReportDto): string {
  return text && !PLACEHOLDER.test(text.trim()) ? firstPart(text.trim(), MAX_ERROR_CHARS) : '';
}

/** Wegent's executors also send texts of success in this field. */
function errorOf(dto: ExecutorReportDto, status: string): string | undefined {
  const { status: reported } = dto;
  const reason = reasonOf(dto);
  if (status === 'CANCELLED') return reason || undefined;
  if (status !== 'FAILED') return undefined;

  return reason || (reported === 'TIMEOUT' ? 'The executor ran out of time' : 'The executor failed without a reason');
}
