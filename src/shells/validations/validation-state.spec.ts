import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type ImageCheck,
  STAGE_PROGRESS,
  VALIDATION_STAGES,
  type ValidationReport,
} from '../../common/contracts/image-validation.js';
import { applyReport, endBy, reasonOf, type ValidationRow } from './validation-state.js';

const NOW = new Date('2026-11-28T10:00:00.000Z');
const NODE: ImageCheck = { name: 'node', status: 'pass', version: '22.1.0', message: 'node 22.1.0' };
const PYTHON: ImageCheck = {
  name: 'python3',
  status: 'fail',
  version: '3.9.2',
  message: '3.9.2, at least 3.12 wanted',
};

const ROW: ValidationRow = {
  ...{ id: 'a', userId: 1, image: 'docker.io/library/node:22', shellType: 'ClaudeCode', shellName: null },
  ...{ stage: 'submitted', progress: 10, stageTimes: {}, outcome: null, checks: [], errors: [] },
  ...{ errorMessage: null, errorCode: null, digest: null, logTail: null, reportSeq: null, revision: 1 },
  ...{
    submissions: 1,
    orderedAt: null,
    heardAt: NOW,
    deadlineAt: NOW,
    createdAt: NOW,
    updatedAt: NOW,
    completedAt: null,
  },
};

/** The row after some reports. */
function after(reports: readonly ValidationReport[], row = ROW): ValidationRow {
  return reports.reduce<ValidationRow>((current, report) => {
    const change = applyReport(current, report, NOW);

    return typeof change === 'string' ? current : { ...current, ...change };
  }, row);
}

describe('applyReport', () => {
  it('takes over stage, progress, checks and when each stage was reached', () => {
    const later = new Date('2026-11-28T10:00:05.000Z');
    const row = after([{ status: 'pulling_image', progress: 30, digest: 'sha256:1' }]);

    expect(row).toMatchObject({ stage: 'pulling_image', progress: 30, digest: 'sha256:1', outcome: null });
    expect(applyReport(row, { status: 'running_checks', progress: 80, checks: [NODE] }, later)).toMatchObject({
      stage: 'running_checks',
      progress: 80,
      checks: [NODE],
      stageTimes: { pulling_image: NOW.toISOString(), running_checks: later.toISOString() },
    });
  });

  it("keeps progress within the range of the stage: Wegent's manager counts otherwise", () => {
    expect(after([{ status: 'starting_container', progress: 50 }]).progress).toBe(60);
    expect(after([{ status: 'running_checks' }]).progress).toBe(70);
    expect(after([{ status: 'running_checks', progress: 99 }]).progress).toBe(95);
  });

  it.each([
    ['of an earlier stage', { status: 'pulling_image', progress: 50 }],
    ['with an older number', { status: 'running_checks', progress: 90, seq: 5 }],
    ['without news', { status: 'running_checks', progress: 80 }],
  ] as const)('ignores a report %s', (_case, report) => {
    const row = after([{ status: 'running_checks', progress: 80, seq: 5 }]);

    expect(applyReport(row, report, NOW)).toBe('stale');
  });

  it.each([
    ['valid', { valid: true, checks: [NODE] }],
    ['valid', { checks: [NODE] }],
    ['valid', { valid: true }],
    ['invalid', { valid: false, checks: [NODE, PYTHON] }],
    ['invalid', { valid: true, checks: [PYTHON] }],
    ['invalid', { valid: false }],
    ['invalid', { valid: false, errorMessage: 'exited at once' }],
    ['invalid', { valid: true, errors: ['no shell'] }],
    ['invalid', { code: 'internal', errors: ['no shell'] }],
    ['error', { valid: false, code: 'registry_unavailable', errorMessage: 'no route' }],
    ['error', { valid: false, errorMessage: 'Error response from daemon: dial tcp: lookup ghcr.io: no such host' }],
    ['error', { valid: false, errors: ['toomanyrequests: You have reached your pull rate limit'] }],
    ['invalid', { valid: false, errorMessage: 'manifest for acme/agent:1 not found: manifest unknown' }],
    ['error', {}],
  ] as const)('ends as %s by %j', (outcome, report) => {
    const row = after([{ status: 'completed', ...report } as ValidationReport]);

    expect(row).toMatchObject({ outcome, stage: 'completed', progress: 100, completedAt: NOW });
    expect(row.errorCode === null).toBe(outcome !== 'error');
    expect(row.errorMessage === null).toBe(!('errorMessage' in report) && outcome !== 'error');
  });

  it('forgets the trouble on the way to a good end, and keeps the end of a long log', () => {
    const row = after([{ status: 'completed', valid: true, logTail: `${'x'.repeat(20_000)}end` }], {
      ...ROW,
      errorMessage: 'trying again',
    });

    expect(row.errorMessage).toBeNull();
    expect(row.logTail).toHaveLength(16_384);
    expect(row.logTail).toMatch(/end$/);
  });

  it('goes forward only, to the one end, whatever order reports come in', () => {
    const report = fc.record<ValidationReport>(
      {
        status: fc.constantFrom(...VALIDATION_STAGES),
        progress: fc.integer({ min: 0, max: 100 }),
        seq: fc.integer({ min: 0, max: 20 }),
        valid: fc.boolean(),
        checks: fc.array(fc.constantFrom(NODE, PYTHON), { maxLength: 3 }),
      },
      { requiredKeys: ['status'] },
    );
    fc.assert(
      fc.property(fc.array(report, { maxLength: 12 }), (reports) => {
        let row = ROW;
        for (const next of reports) {
          const changed = after([next], row);
          const [from, to] = STAGE_PROGRESS[changed.stage];

          expect(VALIDATION_STAGES.indexOf(changed.stage)).toBeGreaterThanOrEqual(VALIDATION_STAGES.indexOf(row.stage));
          expect(changed.progress).toBeGreaterThanOrEqual(Math.max(row.progress, from));
          expect(changed.progress).toBeLessThanOrEqual(to);
          expect(changed.checks.length).toBeGreaterThanOrEqual(changed.outcome === null ? row.checks.length : 0);
          if (row.outcome !== null) expect(changed).toBe(row);
          row = changed;
        }

        expect(row.outcome !== null).toBe(reports.some(({ status }) => status === 'completed'));
      }),
    );
  });
});

describe('endBy', () => {
  const ENDING = { outcome: 'error', code: 'deadline_exceeded', message: 'too late' } as const;

  it('ends what runs, and nothing else', () => {
    const change = endBy(ROW, ENDING, NOW);

    expect(change).toMatchObject({ outcome: 'error', errorCode: 'deadline_exceeded', errorMessage: 'too late' });
    expect(endBy({ ...ROW, outcome: 'valid' }, ENDING, NOW)).toBe('ended');
  });
});

describe('reasonOf', () => {
  it.each([
    [{ errors: ['no shell', 'no node'], checks: [PYTHON], errorMessage: 'x' }, 'no shell; no node'],
    [{ errors: [], checks: [NODE, PYTHON], errorMessage: 'x' }, 'python3: 3.9.2, at least 3.12 wanted'],
    [{ errors: [], checks: [], errorMessage: 'exited at once' }, 'exited at once'],
    [{ errors: [], checks: [], errorMessage: null }, 'The image did not pass its validation'],
  ])('of %j', (row, reason) => {
    expect(reasonOf(row)).toBe(reason);
  });
});
