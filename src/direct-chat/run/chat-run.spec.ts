import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TerminalEvent } from '../../common/contracts/chat-event.js';
import type { Append, AppendOutcome, StreamLog } from '../../answer-stream/log/stream-log.js';
import { LogWriter } from '../../answer-stream/log/log-writer.js';
import { eventsOf } from '../../answer-stream/log/stream-text.js';
import { LiveStream } from '../../answer-stream/readers/live-stream.js';
import type { StreamHub } from '../../answer-stream/readers/stream-hub.js';
import { ChatRun } from './chat-run.js';

const DONE: TerminalEvent = {
  ...{ type: 'done', done: true, length: 5, sha256: '', finish_reason: 'stop' },
  ...{ elapsed_ms: 1, first_token_ms: 1 },
};

/** A log that has lost what it had when the end is written. */
class LossyLog {
  readonly written: Append[] = [];

  append(appends: readonly Append[]): Promise<AppendOutcome[]> {
    return Promise.resolve(
      appends.map((append) => {
        if (append.batch.terminal && !append.repair) return 'gap';
        this.written.push({ ...append });

        return 'written';
      }),
    );
  }
}

describe('ChatRun, when the log has lost events and the answer has ended', () => {
  const stream = { close: () => undefined };
  let log: LossyLog;
  let writer: LogWriter;
  let run: ChatRun;

  beforeEach(() => {
    log = new LossyLog();
    writer = new LogWriter(log as unknown as StreamLog);
    const live = Object.assign(new LiveStream(1), { local: true, head: 0 }, stream);
    const hub = { openLocal: () => live } as unknown as StreamHub;
    const owner = { born: '1', epoch: 1 };
    const begun = { owner, last: 0, isRestarted: false, attempt: 1, followsExecutors: false };
    run = new ChatRun(1, begun, hub, writer, () => undefined, 1024);
  });

  async function lastWritten() {
    await writer.drained(run.tail, 5_000);
    const { batch } = log.written.at(-1) ?? {};

    return { isTerminal: batch?.terminal, events: eventsOf(batch?.text ?? '') };
  }

  it('writes the whole text and the end once more', async () => {
    run.accept([{ type: 'content', content: 'Hello' }]);
    run.end(DONE);

    expect(await lastWritten()).toEqual({
      isTerminal: true,
      events: [expect.objectContaining({ type: 'resync', content: 'Hello' }), DONE],
    });
  });

  it('also an end that it has replayed from the database', async () => {
    run.emit([{ type: 'resync', content: 'Stored', reasoning: '' }, DONE], true);

    expect(await lastWritten()).toEqual({
      isTerminal: true,
      events: [expect.objectContaining({ type: 'resync', content: 'Stored' }), DONE],
    });
  });
});
