/** Milliseconds of the machine's monotonic clock: the same in every process, so that times can be compared. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
