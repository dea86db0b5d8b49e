// Sends a plan. Every way of sending stops at once when the connection closes and heeds back-pressure.
import { once } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from './exchange.js';
import type { Plan } from './plan.js';
import { addTick, removeTick } from './ticker.js';

const BATCH_CHARACTERS = 16_384;
const KEEP_ALIVE_MS = 50;

function count(x: Exchange, tokens: number): void {
  x.request.tokens_sent += tokens;
  x.state.counters.tokensSent += tokens;
}

/** As fast as the client reads: batches of many events, and a turn of the event loop for the others in between. */
async function playFast(x: Exchange, plan: Plan, perWrite: number | undefined): Promise<void> {
  let batch = plan.lead;
  let tokens = 0;
  for (const step of plan.steps) {
    batch += step;
    tokens += 1;
    if (perWrite === undefined ? batch.length < BATCH_CHARACTERS : tokens < perWrite) continue;
    count(x, tokens);
    if (x.res.write(batch)) await turn(undefined, { signal: x.closed });
    else await once(x.res, 'drain', { signal: x.closed });
    batch = '';
    tokens = 0;
  }
  if (batch) x.res.write(batch);
  count(x, tokens);
}

/**
 * At `rate` tokens per second, all tokens that are due in one write. A client that does not read gets them later. The
 * time in which an answer is held back does not count.
 */
function playPaced(x: Exchange, plan: Plan, rate: number): Promise<void> {
  const { res } = x;
  const { steps } = plan;
  let start = performance.now();
  let sent = 0;
  if (plan.lead) res.write(plan.lead);
  return new Promise((resolve) => {
    const tick = (now: number): void => {
      if (!x.closed.aborted && !res.writableNeedDrain) {
        const due = Math.min(steps.length, x.state.heldAt, Math.floor(((now - start) * rate) / 1000) + 1);
        if (due > sent) {
          res.write(due - sent === 1 ? steps[sent] : steps.slice(sent, due).join(''));
          count(x, due - sent);
          sent = due;
        }
        if (sent >= x.state.heldAt) start = now - (sent * 1000) / rate;
      }
      if (!x.closed.aborted && sent < steps.length) return;
      removeTick(tick);
      resolve();
    };
    addTick(tick);
    tick(start);
  });
}

/** Piece by piece, each in a write of its own. Costly, hence only for plans that are about the cuts. */
async function playCut(x: Exchange, plan: Plan, cut: (text: string) => Uint8Array[], rate: number): Promise<void> {
  const send = async (text: string): Promise<void> => {
    for (const piece of cut(text)) {
      if (!x.res.write(piece)) await once(x.res, 'drain', { signal: x.closed });
      await turn(undefined, { signal: x.closed });
    }
  };
  await send(plan.lead);
  for (const step of plan.steps) {
    await send(step);
    count(x, 1);
    if (rate > 0) await sleep(1000 / rate, undefined, { signal: x.closed });
  }
  await send(plan.tail);
}

/** Tears the connection down once everything written has left. */
async function destroy(x: Exchange): Promise<void> {
  do {
    await turn(undefined, { signal: x.closed });
  } while (x.res.writableLength > 0 || (x.res.socket?.writableLength ?? 0) > 0);
  x.dropped = true;
  x.res.destroy();
}

function keepAlive(x: Exchange, frame: string): void {
  const timer = setInterval(() => {
    if (!x.res.writableNeedDrain) x.res.write(frame);
  }, KEEP_ALIVE_MS);
  x.closed.addEventListener('abort', () => clearInterval(timer), { once: true });
}

async function finish(x: Exchange, plan: Plan, tail: string): Promise<void> {
  if (x.closed.aborted) return;
  if (plan.ending === 'end') {
    x.res.end(tail);
    return;
  }
  if (tail) x.res.write(tail);
  if (plan.ending === 'destroy') await destroy(x);
  else if (plan.keepAlive) keepAlive(x, plan.keepAlive);
}

/** How fast a plan is sent. */
export interface Pace {
  /** Tokens per second; 0: as fast as possible. */
  rate: number;
  /** Tokens in each write at full speed. */
  perWrite?: number;
}

/** Sends a plan and ends it as it says. */
export async function play(x: Exchange, plan: Plan, { rate, perWrite }: Pace): Promise<void> {
  if (plan.cut) await playCut(x, plan, plan.cut, rate);
  else if (rate === 0) await playFast(x, plan, perWrite);
  else await playPaced(x, plan, rate);
  await finish(x, plan, plan.cut ? '' : plan.tail);
}
