/** Milliseconds of the machine's monotonic clock: the same in every process, so that times can be compared. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What is to be added to the wall clock (with the fractions that `performance` knows) to get the monotonic one. */
const OFFSET_MS = clockMs() - (performance.timeOrigin + performance.now());

/** A moment of the wall clock, in ms since the epoch, on the clock of {@link clockMs}. */
export function monotonicMs(wallMs: number): number {
  return wallMs + OFFSET_MS;
}
