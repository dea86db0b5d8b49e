/** From a stored turn to the events that its stream misses. Pure. */
import type { ChatEvent, StartEvent, StepStatus } from '../../common/contracts/chat-event.js';
import { endedSteps } from '../../answer-stream/log/answer-extras.js';
import type { Claim } from '../../answer-stream/log/claimed-log.js';
import { foldEvents, resyncOf, shownSubtask, type StreamText } from '../../answer-stream/log/stream-text.js';
import { answerOf, difference, eventsOfAnswer } from '../../answer-stream/stored-answer.js';
import { terminalOf } from '../../answer-stream/terminal-event.js';
import { type AnswerTurn, isByExecutor, type SubtaskRow } from '../../tasks/turns/answer-turn.js';

/** What is known when the stream of a turn is brought up to date. */
export interface Projection {
  turn: AnswerTurn;
  /** The answer that owns the stream, see {@link targetOf}. */
  target: SubtaskRow;
  /** The claim that the events of the stream are about; null when none is shown yet. */
  shown: Claim | null;
  text: StreamText;
  /** Whether its executor sends events: until the end they are newer than its reports. */
  isLive: boolean;
  startOf: (step: SubtaskRow) => StartEvent;
}

/**
 * Returns the answer of an executor that the stream of a turn is about: the newest one that was begun, or the one that has
 * ended the turn. Null when direct chat gives that answer, whose run shows what the stream misses of those before it.
 */
export function targetOf({ current, deciding, steps }: AnswerTurn): SubtaskRow | null {
  const target = current ? steps.slice(0, steps.indexOf(current) + 1).findLast(hasBegun) : deciding;

  return target && isByExecutor(target) ? target : null;
}

export const claimOf = ({ messageId, offers }: SubtaskRow): Claim => ({ step: messageId, number: offers });

export function isSameClaim(shown: Claim | null, claim: Claim): boolean {
  return shown?.step === claim.step && shown.number === claim.number;
}

/** Returns the events that make the stream show what is stored; none when it does. */
export function eventsTo(projection: Projection): ChatEvent[] {
  const { turn, target, text } = projection;
  const events = answerEvents(projection);
  if (turn.current) return events;
  const shown = foldEvents(text, events);
  const status = ENDED_STEPS[target.status] ?? 'skipped';
  const isOther = shownSubtask(turn.first.id, shown) !== target.id && shownSubtask(turn.first.id, shown) !== undefined;

  return [
    ...events,
    ...endedSteps(shown.extras ?? {}, status),
    ...(isOther ? [resyncOf(turn.first.id, { ...answerOf(target), subtaskId: target.id })] : []),
    terminalOf(target),
  ];
}

const ENDED_STEPS: Readonly<Record<string, StepStatus>> = { COMPLETED: 'succeeded', FAILED: 'failed' };

/** The answers from the one that is shown to the target. */
function answerEvents({ turn, target, shown, text, isLive, startOf }: Projection): ChatEvent[] {
  const { first, steps, current } = turn;
  const isRestarted = shown?.step === target.messageId && shown.number !== target.offers;
  const shownId = isRestarted ? undefined : shownSubtask(first.id, text);
  const begin = steps.findIndex(({ id }) => id === shownId);
  const events: ChatEvent[] = isRestarted ? [{ type: 'reset', attempt: target.offers, reason: 'executor_lost' }] : [];
  for (const step of steps.slice(Math.max(begin, 0), steps.indexOf(target) + 1)) {
    const stored = answerOf(step);
    if (step.id !== shownId && hasBegun(step)) events.push(startOf(step), ...eventsOfAnswer(stored));
    else if (step.id === shownId && !(isLive && step === current))
      events.push(...difference(first.id, step.id, text, stored));
  }

  return events;
}

/** Whether an executor, or a run, has worked on an answer. */
function hasBegun({ lane, offers, status, result }: SubtaskRow): boolean {
  if (lane === null) return result !== null || status === 'RUNNING' || status === 'COMPLETED';

  return offers > 0 || status === 'RUNNING' || result !== null;
}
