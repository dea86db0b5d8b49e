import { Injectable } from '@nestjs/common';
import { RunEnding } from './run-ending.js';
import { RunHandle } from './run-registry.js';
import { RunStreams } from './run-streams.js';

/** Ends answers that nobody runs. */
@Injectable()
export class EndWithoutRun {
  constructor(
    private readonly streams: RunStreams,
    private readonly ending: RunEnding,
  ) {}

  /** Takes the stream over, keeps the text that is in it and ends it. Nothing happens when it has ended. */
  async cancelled(subtaskId: number, phase: 'queued' | 'running'): Promise<void> {
    const begun = await this.streams.begin(subtaskId);
    if (begun.epoch === 0) return;
    const run = this.streams.open(new RunHandle(subtaskId), begun);
    try {
      if (begun.epoch > 1) run.restore(await this.streams.text(subtaskId));
      await this.ending.cancelled(run, { while: phase });
    } finally {
      run.close();
    }
  }
}
