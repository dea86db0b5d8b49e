import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldLog, recordedLog, resyncFor, rowOf, rowsOf, snapshotOf, STREAM_ID } from './answer-log.testing';
import { reduceAnswer } from './answer-reducer';
import { type AnswerState, type ChatEvent, NO_ANSWER } from './answer-state';
import { answerFromSubtasks, withStoredParts } from './stored-answer';

/** What a resync cannot tell again: times, names of models, and that the answer began anew. */
function told({
  parts,
  lastEventAt: _at,
  restarted: _restarted,
  attempt: _attempt,
  hasGap: _gap,
  ...rest
}: AnswerState) {
  const texts = parts.map(
    ({ model: _model, shellType: _shell, reasoningMs: _ms, reasoningSince: _since, ...part }) => part,
  );

  return { ...rest, parts: texts };
}

const received = (id: number, event: ChatEvent, at = 1_000) => ({ id: `${STREAM_ID}-${id}`, at, event });
const started: ChatEvent = {
  type: 'start',
  task_id: 5,
  subtask_id: STREAM_ID,
  attempt: 1,
  shell_type: 'Chat',
  model: 'm',
};

describe('reduceAnswer', () => {
  it('gives the same state from any cut that is resumed, with events that come twice', () => {
    fc.assert(
      fc.property(recordedLog, fc.nat(), fc.nat({ max: 5 }), (log, cutAt, again) => {
        const cut = cutAt % (log.length + 1);
        const before = foldLog(log.slice(0, cut));
        // A server that sends a reset again sends what follows it again, too.
        const lastReset = log.slice(0, cut).findLastIndex(({ event }) => event.type === 'reset');
        const from = Math.max(0, cut - again, lastReset + 1);

        expect(foldLog(log.slice(from), before)).toEqual(foldLog(log));
      }),
    );
  });

  it('gives the same answer from any cut that is resumed by a resync', () => {
    fc.assert(
      fc.property(recordedLog, fc.nat(), fc.nat(), (log, cutAt, skipped) => {
        const cut = cutAt % log.length;
        const resumeAt = cut + (skipped % (log.length - cut));
        const events = log.map(({ event }) => event);
        const snapshot = snapshotOf(events.slice(0, resumeAt));
        fc.pre(snapshot !== null && resumeAt > 0);
        const resync = resyncFor(`${STREAM_ID}-${resumeAt}`, snapshot);
        const end = foldLog([resync, ...log.slice(resumeAt)], foldLog(log.slice(0, cut)));
        const whole = end.hasGap ? withStoredParts(end, rowsOf(events)) : end;

        expect(told(whole)).toEqual(told(foldLog(log)));
      }),
    );
  });

  it('has the text that the end of the answer measures', () => {
    fc.assert(
      fc.property(recordedLog, (log) => {
        const end = log.at(-1)?.event;
        fc.pre(end?.type === 'done');
        expect(foldLog(log).parts.at(-1)?.content).toHaveLength(end.length);
      }),
    );
  });

  it('shows an ended answer from its rows as its events have shown it', () => {
    fc.assert(
      fc.property(recordedLog, (log) => {
        fc.pre(log.at(-1)?.event.type === 'done');
        const { parts, steps, sources, files, suggestions } = told(foldLog(log));
        const rows = rowsOf(log.map(({ event }) => event));

        expect(told(answerFromSubtasks(rows))).toMatchObject({ parts, steps, sources, files, suggestions });
      }),
    );
  });

  it('keeps what stood there when another worker begins again', () => {
    const lost = foldLog([received(1, started), received(2, { type: 'content', content: 'Hel' })]);
    const again = reduceAnswer(lost, received(3, { type: 'reset', attempt: 2, reason: 'worker_lost' }));

    expect(again).toMatchObject({ phase: 'asking', attempt: 2, parts: [] });
    expect(again.restarted).toEqual({ reason: 'worker_lost', text: 'Hel' });
  });

  it.each([
    ['Chat', 'worker_lost'],
    ['ClaudeCode', 'executor_lost'],
  ])('keeps it, too, when a resync says that it is of a later attempt: %s', (shell_type, reason) => {
    const lost = foldLog([received(1, { ...started, shell_type }), received(9, { type: 'content', content: 'Hel' })]);
    const whole: ChatEvent = { type: 'resync', content: 'Good', reasoning: '' };
    const again = reduceAnswer(lost, received(4, { ...whole, attempt: 2 }));

    expect(again).toMatchObject({ attempt: 2, parts: [{ content: 'Good' }], restarted: { reason, text: 'Hel' } });
    // The same attempt, or one that is not named.
    for (const event of [{ ...whole, attempt: 2 }, whole])
      expect(reduceAnswer(again, received(5, event)).restarted).toEqual(again.restarted);
    expect(reduceAnswer(lost, received(4, whole)).restarted).toBeNull();
  });

  it('applies a reset whose number was used before, and what follows it', () => {
    const lost = foldLog([received(1, started), received(2, { type: 'content', content: 'Hel' })]);
    const state = foldLog([received(0, { type: 'reset', attempt: 1, reason: 'log_lost' }), received(1, started)], lost);

    expect(state).toMatchObject({ phase: 'asking', lastEventId: `${STREAM_ID}-1` });
    expect(state.parts).toHaveLength(1);
  });

  it('begins a new state with the first event of another answer', () => {
    const ended = foldLog([received(1, started), received(2, { type: 'content', content: 'Hello' })]);
    const next = reduceAnswer(ended, { id: '19-1', at: 1, event: { type: 'queued', position: 2 } });

    expect(next).toMatchObject({ phase: 'queued', position: 2, streamId: 19, parts: [] });
  });

  it('ignores types that it does not know', () => {
    const state = foldLog([received(1, started)]);
    const after = reduceAnswer(state, received(2, { type: 'weather', sun: true } as unknown as ChatEvent));

    expect(after).toEqual({ ...state, lastEventId: `${STREAM_ID}-2` });
  });

  it('measures the reasoning that it has watched', () => {
    const state = foldLog([
      received(1, started),
      received(2, { type: 'reasoning', content: 'hm' }, 2_000),
      received(3, { type: 'reasoning', content: ' hm' }, 4_500),
      received(4, { type: 'content', content: 'Yes' }, 6_000),
    ]);

    expect(state.parts[0]).toMatchObject({ reasoning: 'hm hm', reasoningSince: null, reasoningMs: 4_000 });
  });
});

describe('answerFromSubtasks', () => {
  it('tells the state of the step that decides', () => {
    const rows = [
      rowOf(11, { value: 'one' }),
      rowOf(12, { value: 'tw' }, 'FAILED'),
      { ...rowOf(13, { value: '' }, 'CANCELLED'), result: null },
    ];

    expect(answerFromSubtasks(rows)).toMatchObject({
      phase: 'failed',
      streamId: 11,
      parts: [{ content: 'one' }, { content: 'tw' }],
    });
    expect(answerFromSubtasks([])).toEqual(NO_ANSWER);
  });

  it('knows what older answers have told at their end', () => {
    const proof = { while: 'running' as const, provider_closed_ms: 12 };
    const stopped = { ...rowOf(11, { value: 'one', model: 'm', elapsed_ms: 900 }, 'CANCELLED'), end: { proof } };
    expect(answerFromSubtasks([stopped])).toMatchObject({
      ...{ phase: 'cancelled', proof, elapsedMs: 900, failure: null },
      parts: [{ model: 'm', content: 'one' }],
    });
    const end = { code: 'provider_auth', retryable: false, provider_status: 401 };
    const failed = { ...rowOf(11, { value: '' }, 'FAILED'), error_message: 'Wrong key', end };
    expect(answerFromSubtasks([failed]).failure).toEqual({ error: 'Wrong key', ...end });
    expect(answerFromSubtasks([{ ...failed, end: undefined }]).failure).toMatchObject({ code: 'unknown' });
  });
});
