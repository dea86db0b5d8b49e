import { describe, expect, it } from '@jest/globals';
import { PullProgress } from './pull-progress.js';

const line = (id: string, status: string, current?: number, total?: number) => ({
  ...{ id, status },
  progressDetail: current === undefined ? {} : { current, total },
});

describe('PullProgress', () => {
  it('adds up layers from first byte to unpacked', () => {
    const progress = new PullProgress();
    const seen = [
      line('latest', 'Pulling from library/node'),
      line('a', 'Pulling fs layer'),
      line('b', 'Already exists'),
      line('a', 'Downloading', 50, 100),
      line('a', 'Download complete'),
      line('a', 'Extracting', 50, 100),
      line('a', 'Pull complete'),
      { status: 'Digest: sha256:00' },
    ].map((each) => Number(progress.update(each).toFixed(2)));

    expect(seen).toEqual([0, 0, 0.5, 0.65, 0.8, 0.9, 1, 1]);
  });

  it('never goes back when a layer becomes known late', () => {
    const progress = new PullProgress();
    progress.update(line('a', 'Pull complete'));

    expect(progress.update(line('b', 'Waiting'))).toBe(1);
  });

  it.each([[null], ['text'], [{}], [{ id: 1, status: 'Downloading' }], [line('a', 'Downloading', 5, 0)]])(
    'makes nothing of %j',
    (strange) => {
      expect(new PullProgress().update(strange)).toBe(0);
    },
  );
});
