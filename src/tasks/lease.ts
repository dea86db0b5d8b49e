/**
 * Share of a lease that must be left for a sign of life not to renew it. Writing it with every report would cost an
 * entry in each index of the row.
 */
export const LEASE_IS_FRESH = 0.75;
