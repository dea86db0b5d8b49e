import { Injectable } from '@nestjs/common';
import { type AnswerTurn, isByExecutor } from '../../tasks/turns/answer-turn.js';
import { RunHandle } from './active-runs.js';
import { ProviderRuns } from './provider-runs.js';
import { RunFinalizer } from './run-finalizer.js';
import { RunStreams } from './run-streams.js';

/** Ends turns that have no run. */
@Injectable()
export class OrphanedTurnFinalizer {
  constructor(
    private readonly streams: RunStreams,
    private readonly finalizer: RunFinalizer,
    private readonly providerRuns: ProviderRuns,
  ) {}

  /**
   * Cancels a turn: keeps the text of its stream, and stops its run at the app. Does nothing when the stream has ended, or
   * when executors answer: those are cancelled by their own backend.
   */
  async cancel(turn: AnswerTurn, phase: 'queued' | 'running'): Promise<void> {
    const subtaskId = turn.first.id;
    const step = turn.current ?? turn.deciding;
    if (isByExecutor(step)) return;
    const run = await this.streams.open(new RunHandle(subtaskId, turn.runPosition(step)));
    if (typeof run === 'string') return;
    try {
      run.enter(step.id);
      if (run.owner.epoch > 1) run.restore(await this.streams.text(subtaskId));
      const stop = (await this.providerRuns.stopAbandoned(turn))?.stop;
      await this.finalizer.cancelled(run, stop ? { dify_stop: stop, while: 'running' } : { while: phase });
    } finally {
      run.close();
    }
  }
}
