import type { JsonObject } from '../../common/text/json.js';
import { type Engine, EngineError } from '../engines/engine.js';
import { type Log, messageOf, type Redactor } from '../log.js';
import { ExecutorApi } from '../reporting/executor-api.js';
import type { LiveEvent } from '../reporting/live-event.js';
import { LiveReporter } from '../reporting/live-reporter.js';
import { type EndReport, StatusReporter } from '../reporting/status-reporter.js';
import type { TurnDiff } from '../workspace/turn-diff.js';
import { Workspace } from '../workspace/workspace.js';
import type { WorkItem } from '../tasks/work-item.js';
import { Answer } from './answer.js';
import { Interruption } from './interruption.js';
import { ProgressTicker } from './progress-ticker.js';
import { resultSizes } from './result-sizes.js';

/** The API gets the last events before the end, if it is there. */
const FLUSH_MS = 5000;
/** Of a container that is being stopped. */
const SHUTDOWN_FLUSH_MS = 2000;
const END_PATIENCE_MS = 30 * 60_000;

/** What users see of a turn that cannot go on with the files of those before. */
const EMPTY_WORKSPACE: LiveEvent = {
  ...{ type: 'step', step_id: 'workspace', kind: 'log', title: 'Workspace', status: 'succeeded' },
  detail: {
    output:
      'The files of the earlier turns are with another executor manager, which could not go on: this turn begins with ' +
      'an empty workspace, or a new clone of the repository.',
  },
};

/** What all turns of an executor share. */
export interface TurnOptions {
  /** Directory of the task. */
  workspace: string;
  env: NodeJS.ProcessEnv;
  engineOf: (shellType: string) => Engine;
  /** For how long the end of a turn is reported to an API that is away. */
  endPatienceMs?: number;
}

/** One subtask: prepares the workspace, lets the engine answer, and reports. */
export class TurnRunner {
  private readonly answer = new Answer();
  private readonly interrupted = new AbortController();
  private readonly workspace: Workspace;
  private readonly live: LiveReporter;
  private readonly status: StatusReporter;
  private sessionId: string | undefined;
  private isFull = false;

  constructor(
    private readonly work: WorkItem,
    private readonly options: TurnOptions,
    private readonly log: Log,
    private readonly hide: Redactor,
  ) {
    const api = new ExecutorApi(work);
    this.workspace = new Workspace(options.workspace, options.env);
    this.status = new StatusReporter(api, log);
    const listener = { onCancelling: () => this.interrupt(new Interruption('cancelled')), onLost: this.onLost };
    this.live = new LiveReporter(api, listener, (withReasoning) => this.answer.snapshot(withReasoning), log);
  }

  /** Answers the subtask, and resolves when the API knows the end. Never throws. @param stopping ends it without one */
  async run(stopping: AbortSignal): Promise<void> {
    const stop = () => this.interrupt(new Interruption('stopped'));
    stopping.addEventListener('abort', stop);
    if (stopping.aborted) stop();
    const ticker = new ProgressTicker(this.status, () => this.answer.stepCount, this.onLost);
    this.live.start();
    ticker.start();
    try {
      const error = await this.answerTurn();
      await ticker.stop();
      await this.finish(error, stopping);
    } catch (error) {
      this.log.line(`the turn cannot be ended: ${messageOf(error)}`);
    } finally {
      stopping.removeEventListener('abort', stop);
      await this.live.stop();
    }
  }

  private readonly onLost = (reason: string) => this.interrupt(new Interruption('lost', reason));

  private interrupt(reason: Interruption): void {
    if (this.interrupted.signal.aborted) return;
    this.log.line(reason.message);
    this.interrupted.abort(reason);
  }

  /** @returns why it failed; null at a good end */
  private async answerTurn(): Promise<unknown> {
    const { signal } = this.interrupted;
    const [leader] = this.work.bots;
    try {
      const isRepeated = await this.workspace.open(this.work, this.hide, signal);
      this.sessionId = this.workspace.state.session(leader.id);
      const saved = this.workspace.state.answer(this.work.subtaskId);
      this.log.line(`begins${isRepeated ? ' again' : ''}, ${saved ? 'with the answer of before' : leader.shellType}`);
      if (this.hasMoved) this.emit(EMPTY_WORKSPACE);
      if (saved) for (const event of saved) this.emit(event);
      else await this.runEngine(isRepeated);
      signal.throwIfAborted();

      return null;
    } catch (error) {
      return signal.aborted ? signal.reason : error;
    }
  }

  /** Whether the files of the turns before are elsewhere. */
  private get hasMoved(): boolean {
    const { previousExecutor, executorName } = this.work;

    return this.workspace.isNew && previousExecutor !== '' && previousExecutor !== executorName;
  }

  private async runEngine(isRepeated: boolean): Promise<void> {
    const [leader] = this.work.bots;
    await this.options.engineOf(leader.shellType).run({
      ...{ work: this.work, directory: this.workspace.repository, home: this.workspace.home },
      ...{ env: this.options.env, sessionId: this.sessionId, isRepeated, signal: this.interrupted.signal },
      ...{ emit: (event) => this.emit(event), onSession: (id) => this.saveSession(leader.id, id) },
      ...{ log: this.log, hide: this.hide },
    });
  }

  private emit(event: LiveEvent): void {
    if (this.answer.add(event)) this.live.add(event);
    else if (!this.isFull) {
      this.isFull = true;
      this.log.line('the answer is too large: the rest of it is dropped');
    }
  }

  private saveSession(botId: number, id: string | null): void {
    this.sessionId = id ?? undefined;
    this.workspace.state.saveSession(botId, id);
  }

  private async finish(error: unknown, stopping: AbortSignal): Promise<void> {
    if (error instanceof Interruption && error.kind !== 'cancelled') {
      // Who offers the subtask again decides: the answer so far is in the log, and the session in the workspace.
      if (error.kind === 'stopped') await this.live.flush(SHUTDOWN_FLUSH_MS);

      return;
    }
    for (const step of this.answer.openSteps()) this.emit({ type: 'step', ...step, status: 'failed' });
    const { state } = this.workspace;
    if (error === null) state.saveAnswer(this.work.subtaskId, this.answer.snapshot(true));
    const diff = await this.workspace.close(this.work, error === null, this.log);
    await this.live.flush(FLUSH_MS);
    const { endPatienceMs = END_PATIENCE_MS } = this.options;
    const isKnown = await this.status.end(this.endOf(error, diff), endPatienceMs, stopping);
    if (isKnown) state.removeAnswer();
    this.log.line(isKnown ? 'ended' : 'ended, but the API does not know');
  }

  private endOf(error: unknown, diff: TurnDiff | null): EndReport {
    const extras = {
      ...(this.sessionId !== undefined && { session_id: this.sessionId }),
      ...(diff && { diff }),
    };
    const results: JsonObject[] = resultSizes(this.answer.result(), extras);
    if (error === null) return { status: 'COMPLETED', results };
    if (error instanceof Interruption) return { status: 'CANCELLED', results, errorMessage: error.message };
    const errorMessage = this.hide(messageOf(error));
    this.log.line(`failed: ${errorMessage}`);
    const code = error instanceof EngineError ? error.code : undefined;

    return { status: 'FAILED', results, errorMessage, ...(code !== undefined && { errorCode: code }) };
  }
}
