import { describe, expect, it } from '@jest/globals';
import { cancelReplyOf, type Move, movesOf } from './behaviours.js';
import { parseScript } from './script.js';
import type { ReportFields } from './wire.js';

function moves(script: string, text = 'abcdefghij'): Move[] {
  return movesOf({ script: parseScript(`[exec ${script}]`, '', 'well-behaved'), text });
}

function reports(script: string, text?: string): ReportFields[] {
  return moves(script, text).flatMap((move) => (move.kind === 'report' ? [move.report] : []));
}

describe('what executors do', () => {
  it('well-behaved: growing progress and text, then the end', () => {
    const sent = reports('steps=3');

    expect(sent.map(({ status, progress }) => `${status} ${progress}`)).toEqual([
      'RUNNING 50',
      'RUNNING 55',
      'RUNNING 75',
      'RUNNING 95',
      'COMPLETED 100',
    ]);
    expect(sent.map(({ result }) => result?.value)).toEqual([undefined, 'abcd', 'abcdefg', 'abcdefghij', 'abcdefghij']);
    expect(sent.map(({ result }) => result?.thinking.length)).toEqual([undefined, 1, 2, 3, 3]);
    expect(sent.at(0)?.error_message).toBe('Task execution started');
    expect(sent.at(-1)?.error_message).toBe('Task executed successfully');
  });

  it('cuts texts between characters only', () => {
    expect(reports('steps=2', '👍🏽é日').map(({ result }) => result?.value)).toEqual([undefined, '👍🏽', '👍🏽é日', '👍🏽é日']);
  });

  it('without steps: start and end', () => {
    expect(reports('steps=0').map(({ status }) => status)).toEqual(['RUNNING', 'COMPLETED']);
  });

  it('crashing: silent after so many reports', () => {
    for (const after of [0, 1, 3]) {
      const all = moves(`behaviour=crashing after=${after} ms=0`);

      expect(all.filter(({ kind }) => kind === 'report')).toHaveLength(after);
      expect(all.at(-1)).toEqual({ kind: 'vanish' });
    }
  });

  it('fails: with the message it was given', () => {
    expect(reports('behaviour=fails text=no%20disk').at(-1)).toEqual({
      ...{ status: 'FAILED', progress: 100, error_message: 'no disk' },
    });
  });

  it('lying: the truth is among the lies, once', () => {
    const all = reports('behaviour=lying steps=1 bytes=10');
    const end = all.findIndex(({ status }) => status === 'COMPLETED');

    expect(all[end]).toMatchObject({ subtask_id: 2_000_000_000 });
    expect(all[end + 1]).toMatchObject({ status: 'COMPLETED', result: { value: 'abcdefghij' } });
    expect(all.slice(end + 2).map(({ status }) => status)).toEqual([
      'RUNNING',
      'RUNNING',
      'FAILED',
      'COMPLETED',
      'SUCCESS',
      'TIMEOUT',
      'CANCELLED',
    ]);
  });

  it('replaying: four forgeries of each callback, and the first once more after the end', () => {
    const all = moves('behaviour=replaying steps=1 ms=0');
    const sent = all.filter(({ kind }) => kind === 'report').length;

    expect(all.filter(({ kind }) => kind === 'attack')).toHaveLength(4 * sent + 1);
    expect(all.at(-1)).toEqual({ kind: 'attack', attack: 'first-again' });
  });

  it('stop when cancelled, but those that do not', () => {
    expect(
      (['well-behaved', 'slow', 'cancel-acks', 'cancel-refuses', 'cancel-hangs', 'cancel-ignored'] as const).map(
        cancelReplyOf,
      ),
    ).toEqual(['stops', 'stops', 'stops', 'refuses', 'hangs', 'pretends']);
  });
});
