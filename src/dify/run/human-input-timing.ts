/** Runs that wait for a person: for how long, and when to look at them. Pure. */
import type { DifyRun } from '../../common/dify.js';

/** A form may be answered elsewhere, which nobody tells: looked for seldom, the longer it takes. */
const LOOK_MS = { first: 2_000, last: 30_000 };
/** What Dify may need to notice that a form has expired. */
const EXPIRY_GRACE_MS = 60_000;

/** Whether all forms of a run were answered here. */
export function isAnswered({ forms = [], answered = [] }: DifyRun): boolean {
  return forms.length > 0 && forms.every(({ token }) => token !== null && answered.includes(token));
}

/** Whether nobody has answered within the time, by our own limit or by the form's. */
export function hasWaitedTooLong(run: DifyRun, limitMs: number, now = Date.now()): boolean {
  return now >= (run.pausedAt ?? now) + limitMs || now >= expiryOf(run) + EXPIRY_GRACE_MS;
}

/** When to look again at the latest. */
export function nextLook(run: DifyRun, limitMs: number, now = Date.now()): number {
  const since = run.pausedAt ?? now;
  const wait = Math.min(Math.max((now - since) / 2, LOOK_MS.first), LOOK_MS.last);
  const ends = [since + limitMs, expiryOf(run) + 1_000].filter((end) => end > now);

  return Math.min(now + wait, ...ends);
}

/** When the last of its forms expires. */
function expiryOf({ forms = [] }: DifyRun): number {
  return Math.max(...forms.map(({ expiresAt }) => expiresAt ?? Infinity), 0) || Infinity;
}
