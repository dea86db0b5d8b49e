import { describe, expect, it } from '@jest/globals';
import { exitVerdict } from './exit-reasons.js';

const ended = (exitCode: number, isOutOfMemory = false) => ({
  ...{ name: 'c', labels: {}, isRunning: false, startedAt: 0 },
  ...{ exitCode, isOutOfMemory },
});

describe('why an executor has ended', () => {
  it.each([
    [null, '', 'release', 'was removed'],
    [ended(137), '', 'release', 'was killed'],
    [ended(1), 'TypeError: secret', 'release', 'ended with status 1'],
    [ended(137, true), '', 'fail', '100 MB'],
    [{ ...ended(137), engineReason: 'was evicted from its node' }, '', 'release', 'The executor was evicted'],
    [ended(127), '[FATAL tini (7)] exec /conch/node/bin/node failed: No such file or directory', 'fail', 'musl'],
    [ended(127), 'node: error while loading shared libraries: libstdc++.so.6: cannot open', 'fail', 'libstdc++.so.6'],
    [ended(1), "libc.so.6: version `GLIBC_2.28' not found (required by node)", 'fail', 'GLIBC_2.28'],
    [ended(126), 'exec /conch/node/bin/node failed: Exec format error', 'fail', 'another processor'],
  ])('%j %s', (state, output, kind, words) => {
    const verdict = exitVerdict(state, output, 100);
    const text = verdict.kind === 'fail' ? verdict.message : verdict.reason;

    expect(verdict.kind).toBe(kind);
    expect(text).toContain(words);
    expect(text).not.toContain('secret');
  });
});
