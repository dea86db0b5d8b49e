import { Counter } from 'prom-client';

/** Subtasks handed to executors; `broken` ones could not be, and failed. */
export const offersTotal = new Counter({
  name: 'conch_executor_offers_total',
  help: 'Subtasks handed to executors, by lane and outcome',
  labelNames: ['lane', 'outcome'],
});

/** Reports as they arrived: queued, or ignored as duplicate, stale, terminal or unknown. */
export const reportsTotal = new Counter({
  name: 'conch_executor_reports_total',
  help: 'Reports of executors by what became of them on arrival',
  labelNames: ['outcome'],
});

/** Executors that fell silent: their subtask was offered again, cancelled, or is lost. */
export const expiriesTotal = new Counter({
  name: 'conch_executor_lease_expiries_total',
  help: 'Leases of executors that ran out, by outcome',
  labelNames: ['outcome'],
});

/** Answers of the executor manager to cancels. */
export const cancelsTotal = new Counter({
  name: 'conch_executor_cancels_total',
  help: 'Cancels sent to the executor manager, by its answer',
  labelNames: ['outcome'],
});

/** Executors that were to be deleted. */
export const deletionsTotal = new Counter({
  name: 'conch_executor_deletions_total',
  help: 'Executors that were to be deleted, by outcome',
  labelNames: ['outcome'],
});
