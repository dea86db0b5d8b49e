import { describe, expect, it } from '@jest/globals';
import type { Claim } from '../../answer-stream/log/claimed-log.js';
import { EMPTY_TEXT, foldEvents, type StreamText } from '../../answer-stream/log/stream-text.js';
import type { ChatEvent, StartEvent } from '../../common/contracts/chat-event.js';
import { AnswerTurn, type SubtaskRow, type TaskRow } from '../../tasks/turns/answer-turn.js';
import { claimOf, eventsTo, isSameClaim, targetOf } from './project-turn.js';

const start = (id: number, attempt = 1): StartEvent => ({
  ...{ type: 'start', task_id: 7, subtask_id: id, attempt, shell_type: 'ClaudeCode', model: 'm' },
});
const content = (text: string): ChatEvent => ({ type: 'content', content: text });
const shownAs = (...events: ChatEvent[]): StreamText => foldEvents(EMPTY_TEXT, events);

/** An answer: `e` by an executor, `c` by direct chat. */
function answer(kind: 'c' | 'e', id: number, more: Partial<SubtaskRow> = {}): SubtaskRow {
  const { status = 'PENDING' } = more;
  const offers = kind === 'e' && status !== 'PENDING' ? 1 : 0;
  const base = { id, messageId: id + 1, status, lane: kind === 'e' ? 'online' : null, offers, result: null };

  return { ...base, terminalEvent: null, errorMessage: null, ...more } as SubtaskRow;
}

const turn = (...steps: SubtaskRow[]) => new AnswerTurn({ id: 7 } as TaskRow, steps);
const done = (value: string) => ({ status: 'COMPLETED' as const, result: { value } });

describe('targetOf', () => {
  it.each<[string, SubtaskRow[], number | null]>([
    ['nothing claimed', [answer('e', 1)], null],
    ['claimed', [answer('e', 1, { status: 'RUNNING' })], 1],
    ['offered again', [answer('e', 1, { offers: 1 })], 1],
    ['the next one waits for an executor', [answer('e', 1, done('a')), answer('e', 2)], 1],
    ['the next one waits for direct chat', [answer('e', 1, done('a')), answer('c', 2)], 1],
    ['direct chat answers', [answer('e', 1, done('a')), answer('c', 2, { status: 'RUNNING' })], null],
    ['direct chat has answered', [answer('c', 1, done('a')), answer('e', 2)], null],
    ['an executor has ended it', [answer('c', 1, done('a')), answer('e', 2, done('b'))], 2],
    ['direct chat has ended it', [answer('e', 1, done('a')), answer('c', 2, done('b'))], null],
    [
      'it failed before direct chat',
      [answer('e', 1, { status: 'FAILED' }), answer('c', 2, { status: 'CANCELLED' })],
      1,
    ],
  ])('%s', (_case, steps, id) => {
    expect(targetOf(turn(...steps))?.id ?? null).toBe(id);
  });
});

describe('eventsTo', () => {
  const project = (asked: AnswerTurn, text: StreamText, more: { shown?: Claim | null; isLive?: boolean } = {}) => {
    const target = targetOf(asked);
    if (!target) throw new Error('the stream has no owner');
    const startOf = ({ id, offers }: SubtaskRow) => start(id, Math.max(offers, 1));

    return eventsTo({ turn: asked, target, shown: null, text, isLive: false, startOf, ...more });
  };

  it('begins a claimed answer, and adds what was reported since', () => {
    const running = turn(answer('e', 1, { status: 'RUNNING', result: { value: 'ab' } }));
    expect(project(running, EMPTY_TEXT)).toEqual([start(1), content('ab')]);
    expect(project(running, shownAs(start(1), content('a')))).toEqual([content('b')]);
    expect(project(running, shownAs(start(1), content('ab')))).toEqual([]);
  });

  it('leaves an answer alone whose executor sends events, until it has ended', () => {
    const running = turn(answer('e', 1, { status: 'RUNNING', result: { value: 'a' } }));
    expect(project(running, shownAs(start(1), content('abc')), { isLive: true })).toEqual([]);
    const ended = turn(answer('e', 1, done('abcd')));
    const events = project(ended, shownAs(start(1), content('abc')), { isLive: true });
    expect(events).toEqual([content('d'), expect.objectContaining({ type: 'done', length: 4 })]);
  });

  it('restarts the answer of another claim', () => {
    const again = turn(answer('e', 1, { status: 'RUNNING', offers: 2 }));
    const events = project(again, shownAs(start(1), content('lost')), { shown: { step: 2, number: 1 } });
    expect(events).toEqual([{ type: 'reset', attempt: 2, reason: 'executor_lost' }, start(1, 2)]);
  });

  it('goes on behind a direct chat, whose text it completes', () => {
    const asked = turn(answer('c', 1, done('whole')), answer('e', 2, { status: 'RUNNING' }));
    expect(project(asked, shownAs(start(1), content('who')))).toEqual([content('le'), start(2)]);
    expect(project(asked, EMPTY_TEXT)).toEqual([start(1), content('whole'), start(2)]);
  });

  it('ends with the answer that has ended the turn, although another one is shown', () => {
    const cancelled = turn(answer('c', 1, done('a')), answer('e', 2, { status: 'CANCELLED', offers: 0 }));
    const events = project(cancelled, shownAs(start(1), content('a')));
    expect(events).toEqual([
      { type: 'resync', content: '', reasoning: '', subtask_id: 2 },
      { type: 'cancelled', cancelled: true, proof: { while: 'queued' } },
    ]);
  });

  it('knows a claim again', () => {
    const claim = claimOf(answer('e', 4, { status: 'RUNNING', offers: 3 }));
    expect(claim).toEqual({ step: 5, number: 3 });
    expect([isSameClaim(claim, { step: 5, number: 3 }), isSameClaim(null, claim)]).toEqual([true, false]);
    expect(isSameClaim({ step: 5, number: 2 }, claim)).toBe(false);
  });
});
