import { describe, expect, it } from '@jest/globals';
import type { ChatEvent, StartEvent } from '../../common/contracts/chat-event.js';
import { fromRow } from '../../tasks/diagnosis/findings.js';
import { textOf } from '../../tasks/diagnosis/hints.js';
import { type ChatRunFacts, findingsOf } from './chat-run.findings.js';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const START: StartEvent = { type: 'start', task_id: 1, subtask_id: 2, attempt: 1, shell_type: 'Chat', model: 'sonnet' };
const TEXT: ChatEvent = { type: 'content', content: 'x' };

const running: ChatRunFacts = {
  model: 'sonnet',
  run: null,
  ...{ state: 'active', position: null, maxConcurrent: 50, lockMs: 4000, here: 'a:1', now: NOW },
  limits: { firstTokenMs: 120_000, idleMs: 60_000 },
  stream: { owner: 'a:1', silentMs: 1000, newest: TEXT },
};

/** Findings with their sentences. */
function find(facts: Partial<ChatRunFacts>, stream: Partial<ChatRunFacts['stream']> = {}) {
  const all = { ...running, ...facts, stream: { ...running.stream, ...stream } };
  const findings = findingsOf(fromRow({ updatedAt: new Date(0) }), all);

  return { ...findings, hints: findings.hints.map(textOf) };
}

describe('findings about a chat run', () => {
  it('that runs here', () => {
    expect(find({})).toEqual({
      lastEventAt: new Date(NOW - 1000),
      owner: 'a:1',
      leaseExpiresAt: new Date(NOW + 4000),
      queue: { name: 'chat-runs', state: 'active', position: null },
      upstream: { kind: 'model', id: 'sonnet' },
      nextAction: 'wait',
      hints: ['It runs in the process that answers here (a:1)'],
    });
  });

  it('that runs elsewhere', () => {
    expect(find({}, { owner: 'b:2' })).toMatchObject({ owner: 'b:2', hints: ['It runs in another process (b:2)'] });
  });

  it('that was taken just now', () => {
    const stream = { owner: null, silentMs: null, newest: null };
    expect(find({}, stream)).toMatchObject({ owner: null, hints: ['A worker has just taken it'] });
  });

  it('that has lost its worker', () => {
    expect(find({ lockMs: -2 })).toMatchObject({
      owner: null,
      leaseExpiresAt: null,
      hints: [expect.stringContaining('(a:1) is lost')],
    });
  });

  it('that waits', () => {
    const stream = { owner: null, silentMs: null, newest: null };
    expect(find({ state: 'waiting', position: 3, lockMs: -2 }, stream)).toMatchObject({
      owner: null,
      lastEventAt: new Date(0),
      queue: { name: 'chat-runs', state: 'waiting', position: 3 },
      hints: ['It waits for a free place: 2 before it, 50 run at a time'],
    });
  });

  it('that is tried again, or that no queue knows', () => {
    expect(find({ state: 'delayed' }).hints[0]).toContain('tried again');
    expect(find({ state: 'unknown' }).hints[0]).toContain('No queue knows');
  });

  it.each([
    [TEXT, 9_000, null],
    [TEXT, 10_000, 'The model has been silent for 10 s; in 50 s it is given up, and the answer fails'],
    [START, 20_000, 'The model has not begun to answer for 20 s; in 100 s it is given up, and the answer fails'],
    [TEXT, 90_000, 'The model has been silent for 90 s; in 0 s it is given up, and the answer fails'],
  ])('whose newest event is %j, %i ms ago', (newest, silentMs, hint) => {
    const { hints } = find({}, { newest, silentMs });
    expect(hints.length).toBe(hint === null ? 1 : 2);
    expect(hints[0]).toEqual(hint ?? expect.stringContaining('It runs'));
  });

  it('is silent sooner where the patience is short', () => {
    const limits = { firstTokenMs: 1000, idleMs: 4000 };
    expect(find({ limits }, { silentMs: 2000 }).hints[0]).toContain('silent for 2 s; in 2 s');
  });

  it('at an app, by the name that its logs have', () => {
    const run = { mode: 'workflow', botId: 1, taskId: 't', runId: 'r' } as const;
    expect(find({ run }, { silentMs: 90_000 })).toMatchObject({
      upstream: { kind: 'dify', id: 'r' },
      hints: ['The app has told nothing for 90 s', expect.stringContaining('a:1')],
    });
    expect(find({ run: { mode: 'chat', botId: 1, taskId: 't', messageId: 'm' } }).upstream?.id).toBe('m');
  });

  it('that waits for a person', () => {
    const forms = [
      { token: 'tok', nodeId: 'n', expiresAt: null },
      { token: null, nodeId: 'm', expiresAt: null },
    ];
    const run = { mode: 'workflow', botId: 1, runId: 'r', pausedAt: NOW - 60_000, forms } as const;
    const waits = find({ state: 'delayed', run: { ...run, forms } });
    expect(waits).toMatchObject({ nextAction: 'answer_input', upstream: { kind: 'dify', id: 'r' } });
    expect(waits.hints[0]).toMatch(/waits for a person since .*POST \/input with form_token tok$/);
    expect(find({ state: 'delayed', run: { ...run, forms: forms.slice(1) } }).hints[0]).toContain('at Dify');
    expect(find({ state: 'delayed' }).nextAction).toBe('wait');
  });
});
