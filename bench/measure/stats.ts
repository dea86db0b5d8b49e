/** Middle of some figures; NaN when there are none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Nearest-rank percentile; NaN when there are no figures. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();

  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
