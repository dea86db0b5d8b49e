import { describe, expect, it } from '@jest/globals';
import { meanOf, readSamples, sumOf } from './metrics-text';

const TEXT = `# HELP runs Runs
# TYPE runs counter
runs{status="completed"} 3
runs{status="failed"} 1
active 2
wait_seconds_sum 1.5
wait_seconds_count 3
empty_seconds_sum 0
empty_seconds_count 0
broken
`;

describe('metrics', () => {
  const samples = readSamples(TEXT);

  it('are summed by name and label', () => {
    expect([sumOf(samples, 'runs'), sumOf(samples, 'runs', 'status="failed"'), sumOf(samples, 'active')]).toEqual([
      4, 1, 2,
    ]);
    expect(sumOf(samples, 'missing')).toBeNull();
  });

  it('have means where something was observed', () => {
    expect([meanOf(samples, 'wait_seconds'), meanOf(samples, 'empty_seconds')]).toEqual([0.5, null]);
  });
});
