import { Injectable } from '@nestjs/common';
import type { DifyRun } from '../../common/dify.js';
import { DifyStopper } from '../../dify/run/dify-stopper.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import { ProviderRunsService } from '../../tasks/backends/provider-runs.service.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';
import { ProviderRun } from './provider-run.js';

/** The runs that answers have at apps. */
@Injectable()
export class ProviderRuns {
  constructor(
    private readonly runs: ProviderRunsService,
    private readonly plans: RunPlans,
    private readonly stopper: DifyStopper,
    private readonly names: EndUserPseudonyms,
  ) {}

  /** What a run knows of its app's run; null when it asks a model. @param known what an earlier attempt has left */
  of({ dify, subtaskId }: RunPlan, known: DifyRun | null = null): ProviderRun | null {
    return dify && new ProviderRun(known, (run) => this.runs.save(subtaskId, run));
  }

  /** Stops what nobody reads any more. Null when there is nothing. */
  async stopLeft(turn: AnswerTurn): Promise<ProviderRun | null> {
    const step = turn.current ?? turn.deciding;
    const known = step.upstreamRun;
    const connection = known && (await this.plans.appOf(turn, step));
    if (!known || !connection) return null;
    const upstream = new ProviderRun(known, () => Promise.resolve());
    upstream.stopped(await this.stopper.stop(connection, known, this.names.of(step.userId)));

    return upstream;
  }
}
