/** Milliseconds of the machine's monotonic clock: the same in every process, so that times can be compared. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const ATTEMPTS = 20;

/** A moment of this process's `performance.timeOrigin + performance.now()` on the clock of {@link clockMs}. */
export function fromPerformance(ms: number): number {
  return ms + clockMs() - (performance.timeOrigin + performance.now());
}

/** A moment of the wall clock, in ms since the epoch, on the clock of {@link clockMs}. Takes some milliseconds once. */
export function fromWall(ms: number): number {
  return ms + (offset ??= wallOffset());
}

let offset: number | undefined;

/** The wall clock is seen to advance; an attempt in which the process had no CPU meanwhile is too late. */
function wallOffset(): number {
  const offsets = Array.from({ length: ATTEMPTS }, () => {
    const before = Date.now();
    let now = before;
    while (now === before) now = Date.now();

    return clockMs() - now;
  });

  return Math.min(...offsets);
}
