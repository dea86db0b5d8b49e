import { Injectable } from '@nestjs/common';
import type { UpstreamLink } from '../../common/chat-provider.js';
import type { DifyRun, DifyStop } from '../../common/dify.js';
import { DifyStopper } from '../../dify/run/dify-stopper.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import { ProviderRunsService } from '../../tasks/backends/provider-runs.service.js';
import { type RunPlan, RunPlans } from '../plan/run-plan.js';

/** Writes what is known of an app's run. */
type Write = (run: DifyRun) => Promise<void>;

/** What a run here knows of the run that it has at an app. */
export class ProviderRun implements UpstreamLink {
  /** How the app's run was stopped; null when it was not. */
  stop: DifyStop | null = null;
  /** Settles with the questions that the app suggests; null when it was not asked for any. */
  questions: Promise<readonly string[]> | null = null;
  private writing: Promise<void> = Promise.resolve();

  /** What was shown of the answer so far; nothing before it is told. */
  shown: UpstreamLink['shown'] = () => ({ content: '', steps: [] });

  /** @param known what an earlier attempt has left */
  constructor(
    public known: DifyRun | null,
    private readonly write: Write,
  ) {}

  save(run: DifyRun): void {
    this.known = run;
    this.writing = this.writing.catch(() => undefined).then(() => this.write(run));
    // Who depends on it waits for {@link saved}.
    this.writing.catch(() => undefined);
  }

  /** Resolves when the newest state is stored. @throws when the database is away */
  saved(): Promise<void> {
    return this.writing;
  }

  stopped(outcome: DifyStop): void {
    this.stop = outcome;
  }

  suggest(questions: Promise<readonly string[]>): void {
    this.questions = questions;
  }
}

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
