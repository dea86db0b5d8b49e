import { Injectable } from '@nestjs/common';
import type { UpstreamLink } from '../../common/contracts/chat-provider.js';
import type { DifyRun, DifyStop } from '../../common/contracts/dify.js';
import { DifyStopper } from '../../dify/run/dify-stopper.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import { ProviderRunsService } from '../../tasks/backends/provider-runs.service.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';

/** A run at an app, as the run that waits for it knows it. */
export class ProviderRun implements UpstreamLink {
  /** How the app's run was stopped; null when it was not. */
  stop: DifyStop | null = null;
  /** Settles with the questions that the app suggests; null when it was not asked for any. */
  questions: Promise<readonly string[]> | null = null;
  private writing: Promise<void> = Promise.resolve();

  /** Returns the part of the answer that was shown; set by the run. */
  shown: UpstreamLink['shown'] = () => ({ content: '', steps: [] });

  /** @param known the state that an earlier attempt has stored @param write stores a state */
  constructor(
    public known: DifyRun | null,
    private readonly write: (run: DifyRun) => Promise<void>,
  ) {}

  /** Stores a state after those before it. A failure is reported by {@link saved} only. */
  save(run: DifyRun): void {
    this.known = run;
    this.writing = this.writing.catch(() => undefined).then(() => this.write(run));
    this.writing.catch(() => undefined);
  }

  /** Resolves when the newest state is stored. @throws when the database is away */
  saved(): Promise<void> {
    return this.writing;
  }

  /** Records how the app's run was stopped. */
  stopped(outcome: DifyStop): void {
    this.stop = outcome;
  }

  /** Records the questions that are asked of the app. */
  suggest(questions: Promise<readonly string[]>): void {
    this.questions = questions;
  }
}

/** Creates, stores and stops the runs of answers at apps. */
@Injectable()
export class ProviderRuns {
  constructor(
    private readonly runs: ProviderRunsService,
    private readonly plans: RunPlans,
    private readonly stopper: DifyStopper,
    private readonly pseudonyms: EndUserPseudonyms,
  ) {}

  /** Returns the app's run of a plan; null when a model answers. @param known the state that an earlier attempt has stored */
  of({ dify, subtaskId }: RunPlan, known: DifyRun | null = null): ProviderRun | null {
    return dify && new ProviderRun(known, (run) => this.runs.save(subtaskId, run));
  }

  /** Stops the run that an earlier attempt has left at the app. Returns null when there is none. */
  async stopAbandoned(turn: AnswerTurn): Promise<ProviderRun | null> {
    const step = turn.current ?? turn.deciding;
    const known = step.upstreamRun;
    const connection = known && (await this.plans.appOf(turn, step));
    if (!known || !connection) return null;
    const upstream = new ProviderRun(known, () => Promise.resolve());
    upstream.stopped(await this.stopper.stop(connection, known, this.pseudonyms.of(step.userId)));

    return upstream;
  }
}
