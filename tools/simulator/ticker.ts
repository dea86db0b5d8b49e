// One timer for all paced streams: 200 streams then cost 100 timer callbacks a second, not 10 000.

type Tick = (now: number) => void;

const PERIOD_MS = 10;
const members = new Set<Tick>();
let timer: NodeJS.Timeout | undefined;

function tickAll(): void {
  const now = performance.now();
  for (const tick of members) tick(now);
}

/** Calls `tick` with `performance.now()` every 10 ms until it is taken away. */
export function addTick(tick: Tick): void {
  members.add(tick);
  timer ??= setInterval(tickAll, PERIOD_MS);
}

/** Takes `tick` away; the timer stops with the last one. */
export function removeTick(tick: Tick): void {
  members.delete(tick);
  if (members.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
