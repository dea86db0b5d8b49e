import { describe, expect, it } from '@jest/globals';
import { Batcher, type BatcherOptions } from './batcher.js';

/** Work that the test ends, batch by batch. */
function scripted(options: BatcherOptions<number> = { maxItems: 3, delayMs: 0 }) {
  const begun: (readonly number[])[] = [];
  const ends: { done: () => void; fail: () => void }[] = [];
  const batches = new Batcher<number, string>(options, (items) => {
    begun.push(items);

    return new Promise((resolve, reject) => {
      ends.push({ done: () => resolve(items.map(String)), fail: () => reject(new Error('away')) });
    });
  });

  return { begun, ends, batches };
}

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('Batcher', () => {
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

  it('begins the first batch at once when it need not wait', async () => {
    const { begun, ends, batches } = scripted({});
    const added = batches.add([1]);
    expect(begun).toEqual([[1]]);
    ends[0]?.done();
    expect(await added).toEqual(['1']);
  });

  it('keeps to the sum of the sizes, but lets a large one pass alone', async () => {
    const { begun, ends, batches } = scripted({ delayMs: 0, size: { max: 10, of: (item) => item } });
    const added = [5, 5, 1, 20, 3].map((item) => batches.add([item]));
    for (let turn = 0; turn < 4; turn += 1) {
      await nextTurn();
      ends[turn]?.done();
    }
    await Promise.all(added);
    expect(begun).toEqual([[5, 5], [1], [20], [3]]);
  });

  it('rejects what waits behind a batch that failed, when it is told to', async () => {
    const { begun, ends, batches } = scripted({ rejectsWaiting: true });
    const outcomes = Promise.allSettled([batches.add([1]), batches.add([2])]);
    ends[0]?.fail();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const later = batches.add([3]);
    await nextTurn();
    ends[1]?.done();
    expect(await later).toEqual(['3']);
    expect(begun).toEqual([[1], [3]]);
  });

  it('ends the delay by a flush, which waits for all that was added', async () => {
    const { begun, ends, batches } = scripted({ delayMs: 2 ** 30 });
    const added = [batches.add([1]), batches.add([2])];
    const flushed = batches.flush();
    await nextTurn();
    expect(begun).toEqual([[1, 2]]);
    ends[0]?.done();
    await flushed;
    expect(await Promise.all(added)).toEqual([['1'], ['2']]);
    await batches.flush();
  });

  it('waits for what was added before, without items of its own', async () => {
    const { begun, ends, batches } = scripted({});
    const first = batches.add([1]);
    let isDone = false;
    const nothing = batches.add([]).then(() => (isDone = true));
    await nextTurn();
    expect(isDone).toBe(false);
    ends[0]?.done();
    await Promise.all([first, nothing]);
    expect(begun).toEqual([[1]]);
  });
});
