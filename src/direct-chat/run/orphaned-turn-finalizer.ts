import { Injectable } from '@nestjs/common';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import { RunFinalizer } from './run-finalizer.js';
import { RunHandle } from './active-runs.js';
import { RunStreams } from './run-streams.js';
import { ProviderRuns } from './provider-runs.js';

/** Ends turns that nobody runs. */
@Injectable()
export class OrphanedTurnFinalizer {
  constructor(
    private readonly streams: RunStreams,
    private readonly ending: RunFinalizer,
    private readonly upstreams: ProviderRuns,
  ) {}

  /** Takes the stream over, keeps the text that is in it and ends it; a run that the app still has is stopped. Nothing happens when it has ended. */
  async cancelled(turn: AnswerTurn, phase: 'queued' | 'running'): Promise<void> {
    const subtaskId = turn.first.id;
    const begun = await this.streams.begin(subtaskId);
    if (begun.epoch === 0) return;
    const run = this.streams.open(new RunHandle(subtaskId), begun);
    try {
      run.enter((turn.current ?? turn.deciding).id);
      if (begun.epoch > 1) run.restore(await this.streams.text(subtaskId));
      const stop = (await this.upstreams.stopLeft(turn))?.stop;
      await this.ending.cancelled(run, stop ? { dify_stop: stop, while: 'running' } : { while: phase });
    } finally {
      run.close();
    }
  }
}
