/** Has one job, which comes again and again. */
export const EXECUTOR_LEASES = 'executor-leases';
