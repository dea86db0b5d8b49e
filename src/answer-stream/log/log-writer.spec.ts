import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FrameBatch } from './frames.js';
import { LiveStream } from '../readers/live-stream.js';
import { type LoggedRun, PendingAppend } from './pending-append.js';
import { LogWriter } from './log-writer.js';
import type { Append, AppendOutcome, LogOwner, StreamLog } from './stream-log.js';
import type { Snapshot } from './stream-text.js';

/** Stands for Redis: keeps what is appended, and fails when it is told to. */
class MemoryLog {
  appended: Append[][] = [];
  snapshots: Snapshot[] = [];
  outcome: AppendOutcome = 'written';
  down = false;

  async append(appends: readonly Append[]): Promise<AppendOutcome[]> {
    await Promise.resolve();
    if (this.down) throw new Error('connection is closed');
    this.appended.push(appends.map((append) => ({ ...append })));

    return appends.map(() => this.outcome);
  }

  saveSnapshot(_subtaskId: number, _owner: LogOwner, snapshot: Snapshot): Promise<void> {
    this.snapshots.push(snapshot);

    return Promise.resolve();
  }

  get text(): string {
    return this.appended
      .flat()
      .map(({ batch }) => batch.text)
      .join('');
  }
}

class TestRun implements LoggedRun {
  readonly stream: LiveStream;
  readonly owner = { born: '1', epoch: 1 };
  length = 0;
  readonly tail = new PendingAppend(this);
  seq = 0;
  wasFenced = false;
  repairs = 0;

  constructor(
    private readonly writer: LogWriter,
    subtaskId = 1,
  ) {
    this.stream = new LiveStream(subtaskId);
    this.stream.local = true;
    this.stream.head = 0;
  }

  say(text: string, more: Partial<FrameBatch> = {}, urgent = false): void {
    this.seq += 1;
    const batch = { first: this.seq, last: this.seq, text, terminal: false, selfContained: false, ...more };
    this.stream.push(batch);
    this.writer.add(this.tail, batch, urgent);
  }

  snapshot(): Snapshot {
    return { seq: this.seq, content: 'all', reasoning: '' };
  }

  fenced(): void {
    this.wasFenced = true;
  }

  repair(): void {
    this.repairs += 1;
    this.say('<all>', { selfContained: true });
  }
}

describe('LogWriter', () => {
  let log: MemoryLog;
  let writer: LogWriter;
  let run: TestRun;

  beforeEach(() => {
    log = new MemoryLog();
    writer = new LogWriter(log as unknown as StreamLog);
    run = new TestRun(writer);
  });

  afterEach(async () => {
    log.down = false;
    await writer.beforeApplicationShutdown();
  });

  it('joins what comes until a stream has its turn, and with what other streams have, into one call', async () => {
    const other = new TestRun(writer, 5);
    for (const word of ['a', 'b', 'c']) {
      run.say(word);
      other.say(word);
    }
    await written(run, other);
    expect(log.appended).toHaveLength(1);
    expect(log.appended[0]?.map(({ batch }) => batch)).toMatchObject([
      { first: 1, last: 3, text: 'abc' },
      { first: 1, last: 3, text: 'abc' },
    ]);
    expect(run.stream.confirmed).toBe(3);
    expect(other.stream.confirmed).toBe(3);
  });

  it.each([
    [40, 1],
    [100, 2],
    [240, 4],
    [800, 8],
  ])('writes %s streams in %s turns', async (count, turns) => {
    const runs = Array.from({ length: count }, (_, index) => new TestRun(writer, index + 1));
    for (const each of runs) each.say('a');
    await written(...runs);
    expect(log.appended.map((appends) => appends.length)).toEqual(Array(turns).fill(count / turns));
    expect(runs.map(({ stream }) => stream.confirmed)).toEqual(runs.map(() => 1));
  });

  it('writes what is urgent at once, and nothing else with it', async () => {
    const other = new TestRun(writer, 2);
    run.say('a');
    other.say('b', {}, true);
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.resolve();
    expect(log.text).toBe('b');
    await written(run, other);
    expect(log.text).toBe('ba');
  });

  it('writes a stream that is read elsewhere each time', async () => {
    log.outcome = 'followed';
    run.say('a', {}, true);
    const other = new TestRun(writer, 2);
    other.say('b', {}, true);
    await written(run, other);
    log.appended = [];
    run.say('a');
    other.say('b');
    await written(run, other);
    expect(log.appended.map((appends) => appends.length)).toEqual([2]);
  });

  it('keeps everything in order while Redis is away', async () => {
    log.down = true;
    run.say('a', {}, true);
    expect(await writer.drained(run.tail, 10)).toBe(false);
    run.say('b');
    run.say('c');
    log.down = false;
    expect(await writer.drained(run.tail, 2000)).toBe(true);
    expect(log.text).toBe('abc');
    expect(run.stream.confirmed).toBe(3);
  });

  it('sends a batch whose fate is unknown again as it was', async () => {
    log.down = true;
    run.say('a');
    await writer.drained(run.tail, 10);
    run.say('b');
    log.down = false;
    await writer.drained(run.tail, 2000);
    expect(log.appended.flat().map(({ batch }) => [batch.first, batch.last])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('asks for the whole text when the log has lost events, and accepts the gap before it', async () => {
    run.say('a');
    log.outcome = 'gap';
    await writer.drained(run.tail, 10);
    expect(run.repairs).toBeGreaterThan(0);
    log.outcome = 'written';
    await writer.drained(run.tail, 2000);
    expect(log.appended.at(-1)?.[0]).toMatchObject({ repair: true, batch: { text: '<all>', selfContained: true } });
    run.say('b');
    await writer.drained(run.tail, 2000);
    expect(log.appended.at(-1)?.[0]).toMatchObject({ repair: false, batch: { text: 'b' } });
  });

  it('stops writing for a run that was taken over', async () => {
    log.outcome = 'fenced';
    run.say('a');
    await writer.drained(run.tail, 1000);
    expect(run.wasFenced).toBe(true);
    const calls = log.appended.length;
    run.say('b', {}, true);
    await writer.beforeApplicationShutdown();
    expect(log.appended).toHaveLength(calls);
  });

  it('bounds what it keeps while Redis is away by asking for the whole text', async () => {
    log.down = true;
    run.say('x');
    await writer.drained(run.tail, 10);
    for (let index = 0; index < 40; index += 1) run.say('x'.repeat(100_000));
    expect(run.repairs).toBeGreaterThan(0);
    expect(run.tail.pendingBytes).toBeLessThan(1_200_000);
  });

  it('puts a snapshot in the place of events that are much larger than their text, less and less often', async () => {
    for (let index = 0; index < 100; index += 1) {
      run.length += 20_000;
      run.say('x'.repeat(200_000));
      await writer.drained(run.tail, 1000);
    }
    const seqs = log.snapshots.map(({ seq }) => seq);
    expect(seqs.length).toBeGreaterThan(3);
    const apart = seqs.map((seq, index) => seq - (seqs[index - 1] ?? 0));
    expect(apart).toEqual(apart.toSorted((a, b) => a - b));
    expect(apart.at(-1)).toBeGreaterThan(apart[0] ?? 0);
  });

  it('keeps events that are hardly larger than their text, as large as they may be', async () => {
    for (let index = 0; index < 50; index += 1) {
      run.length += 180_000;
      run.say('x'.repeat(200_000));
      await writer.drained(run.tail, 1000);
    }
    expect(log.snapshots).toEqual([]);
  });
});

/** Waits until everything of some runs is written. */
async function written(...runs: readonly TestRun[]): Promise<void> {
  while (!runs.every(({ tail }) => tail.isEmpty())) await new Promise((resolve) => setTimeout(resolve, 5));
}
