import { describe, expect, it } from '@jest/globals';
import { textOf } from '../../tasks/diagnosis/hints.js';
import type { SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { type ExecutorFacts, executorFindings } from './executor-findings.js';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const at = (seconds: number) => new Date(NOW + seconds * 1000);
const ROW = {
  ...{ id: 2, status: 'PENDING', lane: 'online', fairRank: 7, offers: 0, executorName: '', executorNamespace: '' },
  ...{ leaseExpiresAt: null, createdAt: at(-5), updatedAt: at(-5), reportOrder: null, reportSeq: null },
} as unknown as SubtaskRow;
const RUNNING = {
  status: 'RUNNING',
  offers: 1,
  executorBeats: true,
  reportOrder: 1,
  leaseExpiresAt: at(90),
  executorName: 'e-1',
} as const;
const LEASES = { leaseSeconds: 120, silentLeaseSeconds: 3600 };
const FACTS: ExecutorFacts = { position: 3, cancel: 'none', stage: null, ...LEASES, maxAttempts: 3, now: NOW };

/** Findings with their sentences. */
function find(row: Partial<SubtaskRow>, facts: Partial<ExecutorFacts> = {}) {
  const findings = executorFindings({ ...ROW, ...row }, { ...FACTS, ...facts });

  return { ...findings, hints: findings.hints.map(textOf) };
}

describe('findings about work of executors', () => {
  it('that nobody has fetched yet', () => {
    expect(find({})).toMatchObject({
      owner: null,
      queue: { name: 'executors:online', state: 'waiting', position: 3 },
      nextAction: 'wait',
      hints: ['No executor has fetched it yet; it waits since 5 s, 2 before it'],
    });
    expect(find({ createdAt: at(-60) })).toMatchObject({
      nextAction: 'check_executors',
      hints: [expect.stringContaining('60 s'), expect.stringContaining('EXECUTOR_IDLE_CHAT_HOURS')],
    });
  });

  it('that waits for the manager with its workspace', () => {
    const row = { createdAt: at(-60), executorName: 'conch-task-7-0a1b' };
    expect(find(row).hints[1]).toMatch(/files of its earlier turns are with conch-task-7-0a1b/);
  });

  it('that waits for the step before it', () => {
    expect(find({ fairRank: null }, { position: null })).toMatchObject({
      queue: { state: 'blocked', position: null },
      nextAction: 'wait',
    });
  });

  it('that an executor has', () => {
    expect(find(RUNNING)).toMatchObject({
      owner: 'e-1',
      leaseExpiresAt: at(90),
      queue: { state: 'handed_out', position: null },
      upstream: { kind: 'executor', id: 'e-1' },
      nextAction: 'wait',
      hints: ['Executor e-1 has it, attempt 1 of 3', 'Unless it is heard of within 90 s it counts as lost'],
    });
    expect(find({ ...RUNNING, executorNamespace: 'ns' }).owner).toBe('ns/e-1');
  });

  it('that a silent executor has, or has lost', () => {
    const silent = { ...RUNNING, executorBeats: false };
    expect(find(silent).hints[1]).toMatch(/sends no heartbeats, so it counts as lost after 90 s of silence/);
    expect(find({ ...silent, leaseExpiresAt: at(-1) }).hints[0]).toContain('not heard of for 60 min');
  });

  it('that an executor without a name has', () => {
    expect(find({ ...RUNNING, executorName: '' })).toMatchObject({
      owner: null,
      upstream: null,
      hints: [expect.stringContaining('has not told its name'), expect.any(String)],
    });
  });

  it.each([
    [1, 'none', 'offered again within seconds, 2 attempt(s) left'],
    [3, 'none', 'it ends with executor_lost'],
    [1, 'asked', 'the cancel ends it'],
  ] as const)('whose executor is lost, after %i attempt(s), cancel %s', (offers, cancel, hint) => {
    const findings = find({ ...RUNNING, offers, leaseExpiresAt: at(-1) }, { cancel });
    expect(findings).toMatchObject({ owner: null, leaseExpiresAt: null, queue: { state: 'lost' } });
    expect(findings.hints[0]).toContain(hint);
  });

  it('that is offered again', () => {
    expect(find({ offers: 1, updatedAt: at(-20) })).toMatchObject({
      queue: { state: 'waiting', position: 3 },
      nextAction: 'check_executors',
      hints: ['Its executor was lost; it is offered again since 20 s, attempt 2 of 3'],
    });
    expect(find({ offers: 1, updatedAt: at(-20), executorName: 'e-1' }).hints[0]).toMatch(
      /^Its executor e-1 was not heard of; .* attempt 2 of 3, to the same executor if it lives/,
    );
  });

  it('that is being cancelled', () => {
    expect(find({ ...RUNNING, reportOrder: null }, { cancel: 'asked' }).hints[0]).toContain('is being started');
    expect(find(RUNNING, { cancel: 'asked' }).hints[0]).toContain('has not acknowledged');
    expect(find(RUNNING, { cancel: 'acknowledged' }).hints[0]).toContain('has acknowledged');
  });
});
