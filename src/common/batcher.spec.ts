import { describe, expect, it } from '@jest/globals';
import { Batcher } from './batcher.js';

/** Work that the test ends, batch by batch. */
function scripted(max = 3) {
  const begun: (readonly number[])[] = [];
  const ends: { done: () => void; fail: () => void }[] = [];
  const batches = new Batcher<number, string>(max, (items) => {
    begun.push(items);

    return new Promise((resolve, reject) => {
      ends.push({ done: () => resolve(items.map(String)), fail: () => reject(new Error('away')) });
    });
  });

  return { begun, ends, batches };
}

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('Batches', () => {
  it('joins what is asked for in one turn, then what comes while that is done', async () => {
    const { begun, ends, batches } = scripted();
    const first = [batches.add([1]), batches.add([2])];
    await nextTurn();
    const more = [batches.add([3]), batches.add([4])];
    await nextTurn();
    expect(begun).toEqual([[1, 2]]);
    ends[0]?.done();
    expect(await Promise.all(first)).toEqual([['1'], ['2']]);
    await nextTurn();
    expect(begun).toEqual([
      [1, 2],
      [3, 4],
    ]);
    ends[1]?.done();
    expect(await Promise.all(more)).toEqual([['3'], ['4']]);
  });

  it('keeps to the size, but takes nothing apart', async () => {
    const { begun, ends, batches } = scripted();
    const added = [[1, 2], [3], [4], [5, 6, 7, 8]].map((items) => batches.add(items));
    for (let turn = 0; turn < 3; turn += 1) {
      await nextTurn();
      ends[turn]?.done();
    }
    expect(await Promise.all(added)).toEqual([['1', '2'], ['3'], ['4'], ['5', '6', '7', '8']]);
    expect(begun).toEqual([[1, 2, 3], [4], [5, 6, 7, 8]]);
  });

  it('tells all who share a batch what went wrong, and goes on', async () => {
    const { ends, batches } = scripted();
    const outcomes = Promise.allSettled([batches.add([1]), batches.add([2])]);
    await nextTurn();
    const later = batches.add([3]);
    ends[0]?.fail();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await nextTurn();
    ends[1]?.done();
    expect(await later).toEqual(['3']);
  });
});
