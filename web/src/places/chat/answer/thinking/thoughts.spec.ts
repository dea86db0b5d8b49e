import { describe, expect, it } from '@jest/globals';
import { thoughtsOf } from './thoughts';

describe('thoughtsOf', () => {
  it('reads titles and details', () => {
    const thinking = [
      { title: 'Read', next_action: 'continue', details: {} },
      { title: 'Ran', details: { command: 'ls' } },
      'Plain',
    ];
    expect(thoughtsOf({ thinking })).toEqual([
      { title: 'Read', detail: '' },
      { title: 'Ran', detail: '{\n  "command": "ls"\n}' },
      { title: 'Plain', detail: '' },
    ]);
  });

  it.each([[null], [{}], [{ thinking: 'x' }], [{ thinking: [null, 1, {}, { title: 2 }] }]])(
    'passes over %j',
    (result) => {
      expect(thoughtsOf(result)).toEqual([]);
    },
  );
});
