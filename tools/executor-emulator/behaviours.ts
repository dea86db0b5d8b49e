// What an executor does, as a list of moves: pure, so that a behaviour can be read and tested without a clock.
import type { Behaviour, Script } from './script.js';
import type { ReportFields, ReportResult } from './wire.js';

/** What is done with a callback that was sent before. */
export type Attack = 'again' | 'changed-body' | 'old-timestamp' | 'moved-timestamp' | 'first-again';

/** One thing that an executor does. */
export type Move =
  | { kind: 'report'; report: ReportFields; note?: string }
  | { kind: 'pause'; ms: number; beat: number }
  | { kind: 'attack'; attack: Attack }
  /** Like a killed container: it sends nothing more. */
  | { kind: 'vanish' };

/** What the moves are made for. */
export interface Work {
  script: Script;
  /** The whole answer. */
  text: string;
}

const STARTED: ReportFields = { status: 'RUNNING', progress: 50, error_message: 'Task execution started' };
const FIRST_PROGRESS = 55;
const LAST_PROGRESS = 95;
const ATTACKS: readonly Attack[] = ['again', 'changed-body', 'old-timestamp', 'moved-timestamp'];

/** The last report of a cancelled executor. */
export const CANCELLED: ReportFields = {
  status: 'CANCELLED',
  progress: 100,
  error_message: '${{tasks.cancel_task}}',
};

function resultOf(text: string, step: number, steps: number): ReportResult {
  const letters = Array.from(text);
  const thinking = Array.from({ length: Math.min(step, 100) }, (_, index) => ({
    title: `Step ${index + 1}`,
    next_action: index + 1 < steps ? 'continue' : 'complete',
    details: {},
  }));
  return { value: letters.slice(0, Math.ceil((letters.length * step) / steps)).join(''), thinking };
}

function partial(text: string, step: number, steps: number): Move {
  const share = steps > 1 ? (step - 1) / (steps - 1) : 0;
  const progress = Math.round(FIRST_PROGRESS + share * (LAST_PROGRESS - FIRST_PROGRESS));
  return { kind: 'report', report: { status: 'RUNNING', progress, result: resultOf(text, step, steps) } };
}

function working({ script, text }: Work): Move[] {
  const { ms, beat, steps } = script;
  const moves: Move[] = [{ kind: 'report', report: STARTED }];
  for (let step = 1; step <= steps; step += 1) moves.push({ kind: 'pause', ms, beat }, partial(text, step, steps));
  moves.push({ kind: 'pause', ms, beat });
  return moves;
}

function completed({ script, text }: Work): ReportFields {
  const steps = Math.max(script.steps, 1);
  const result = resultOf(text, steps, steps);
  return { status: 'COMPLETED', progress: 100, result, error_message: 'Task executed successfully' };
}

function wellBehaved(work: Work): Move[] {
  return [...working(work), { kind: 'report', report: completed(work) }];
}

function crashing(work: Work): Move[] {
  const moves = wellBehaved(work);
  const reports = moves.filter(({ kind }) => kind === 'report');
  const last = reports[work.script.after - 1];
  return [...moves.slice(0, last ? moves.indexOf(last) + 1 : 0), { kind: 'vanish' }];
}

function fails(work: Work): Move[] {
  const message = work.script.text ?? 'The agent has failed';
  return [...working(work), { kind: 'report', report: { status: 'FAILED', progress: 100, error_message: message } }];
}

/** Lies before the end must not move the state, lies after it must not change anything. */
function lying(work: Work): Move[] {
  const say = (note: string, report: ReportFields): Move => ({ kind: 'report', report, note });
  const running = (progress: number, value: string): ReportFields => ({
    ...{ status: 'RUNNING', progress, result: { value, thinking: [] } },
  });
  const done = completed(work);
  const other = { value: 'something else', thinking: [] };
  return [
    ...working(work),
    say('progress goes back', running(20, work.text)),
    say('unknown status', { status: 'DONE', progress: 100 }),
    say('progress out of range', running(150, 'too far')),
    say('huge result', running(96, 'x'.repeat(work.script.bytes))),
    say('unknown subtask', { ...done, subtask_id: 2_000_000_000 }),
    say('the end', done),
    say('late start', { status: 'RUNNING', progress: 30 }),
    say('late progress', running(97, 'late')),
    say('second end', { status: 'FAILED', progress: 100, error_message: 'Failed after all' }),
    say('other result', { ...done, result: other }),
    say('late success', { status: 'SUCCESS', progress: 100, result: other }),
    say('late timeout', { status: 'TIMEOUT', progress: 100 }),
    say('late cancel', CANCELLED),
  ];
}

/** Each callback is followed by forgeries of it; the first one comes once more after the end. */
function replaying(work: Work): Move[] {
  const attacks = ATTACKS.map((attack): Move => ({ kind: 'attack', attack }));
  const moves = wellBehaved(work).flatMap((move) => (move.kind === 'report' ? [move, ...attacks] : [move]));
  return [...moves, { kind: 'attack', attack: 'first-again' }];
}

const MOVES: Record<Behaviour, (work: Work) => Move[]> = {
  'well-behaved': wellBehaved,
  slow: wellBehaved,
  silent: wellBehaved,
  starting: wellBehaved,
  crashing,
  lying,
  replaying,
  fails,
  'cancel-acks': wellBehaved,
  'cancel-refuses': wellBehaved,
  'cancel-hangs': wellBehaved,
  'cancel-slow': wellBehaved,
  'cancel-ignored': wellBehaved,
};

/** Everything that an executor does with a subtask, unless it is cancelled. */
export function movesOf(work: Work): Move[] {
  return MOVES[work.script.behaviour](work);
}

/** How a manager answers the request to cancel. */
export type CancelReply = 'stops' | 'refuses' | 'hangs' | 'pretends';

const CANCEL_REPLIES: Partial<Record<Behaviour, CancelReply>> = {
  'cancel-refuses': 'refuses',
  'cancel-hangs': 'hangs',
  'cancel-ignored': 'pretends',
};

/** The effect of a cancel: all stop, except where the behaviour ignores it. */
export function cancelReplyOf(behaviour: Behaviour): CancelReply {
  return CANCEL_REPLIES[behaviour] ?? 'stops';
}
