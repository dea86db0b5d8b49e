import { Injectable, Logger } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { AppConfig } from '../../config/app-config.js';
import { EngineTrouble, engineWords, ImageProblem } from '../runtime/runtime-errors.js';
import { type ClaimedWork, workLine } from './claimed-work.js';
import { exitVerdict } from './exit-reasons.js';
import { ExecutorContainers } from './executor-containers.js';
import { ExecutorRun, RunAborted } from './executor-run.js';
import { RunReporter } from './run-reporter.js';
import { type Claim, TaskApi } from './task-api.js';

/** Shorter than any lease: the API learns that the container is being prepared, and the manager of a cancel. */
const STAGE_MS = 2_000;
/** Percent at the claim; the pull of an image goes up to the second one, and the executor begins with 10. */
const [CLAIMED, PULLED] = [5, 9];

const endsTotal = new Counter({
  name: 'conch_manager_runs_total',
  help: 'Subtasks that this manager has had, by their end',
  labelNames: ['outcome'],
});
const runsNow = new Gauge({ name: 'conch_manager_runs', help: 'Subtasks that occupy a slot of this manager' });

/** The subtasks that this manager has claimed: brings each to its executor, and ends those that get none. */
@Injectable()
export class ExecutorRunner {
  /** Called when a slot has become free. */
  onFree: () => void = () => undefined;
  /** When the engine has last failed to do what it was asked for, in milliseconds since the epoch. */
  troubleAt = 0;
  private readonly log = new Logger(ExecutorRunner.name);
  /** By task: a task has one subtask at a time. */
  private readonly runs = new Map<number, ExecutorRun>();
  private readonly preparing = new Map<ExecutorRun, Promise<void>>();
  /** When the executor of a task was last at work. */
  private readonly idleSince = new Map<number, number>();
  private readonly startedAt = Date.now();

  constructor(
    private readonly config: AppConfig,
    private readonly api: TaskApi,
    private readonly reporter: RunReporter,
    private readonly containers: ExecutorContainers,
  ) {}

  /** Slots that are free. */
  get free(): number {
    return this.config.manager.executors.maxConcurrent - this.runs.size;
  }

  /** All runs. */
  get active(): ExecutorRun[] {
    return [...this.runs.values()];
  }

  find(taskId: number): ExecutorRun | undefined {
    return this.runs.get(taskId);
  }

  /** Since when a task's container is idle, as far as this process knows. */
  idleSinceOf(taskId: number): number {
    return this.idleSince.get(taskId) ?? this.startedAt;
  }

  /** Brings claimed work to the container of its task. An earlier subtask of the task has ended, or is lost. */
  start(work: ClaimedWork): void {
    const executorName = this.containers.names.executor(work.taskId);
    const run = new ExecutorRun({ ...work, executorName }, work);
    const before = this.runs.get(work.taskId);
    if (before) this.end(before, before.state === 'preparing' ? 'lost' : 'ended');
    this.add(run);
    this.log.log(`${run.toString()}: claimed`);
    const earlier = before && this.preparing.get(before);
    const done = this.prepare(run, earlier).finally(() => this.preparing.delete(run));
    this.preparing.set(run, done);
  }

  /** Continues with a subtask that an earlier process of the manager has brought to its executor. */
  adopt(claim: Claim): void {
    const run = new ExecutorRun(claim, null);
    this.add(run);
    this.log.log(`${run.toString()}: found again`);
  }

  /** Asks for the end of a task's subtask. @returns whether it has one here */
  cancel(taskId: number): boolean {
    const run = this.runs.get(taskId);
    if (!run) return false;
    if (run.cancelledAt === null) this.log.log(`${run.toString()}: is to be cancelled`);
    run.cancelledAt ??= Date.now();
    if (run.state === 'preparing') run.abort('cancelled');

    return true;
  }

  /** Ends a subtask whose executor did not end by itself after a cancel. @throws EngineTrouble */
  async kill(run: ExecutorRun): Promise<void> {
    await this.containers.remove(run.claim.executorName);
    this.end(run, 'killed');
    this.reporter.cancelled(run);
  }

  /** Ends a subtask whose container has ended before it: it fails, or is offered again. @throws EngineTrouble */
  async endDead(run: ExecutorRun): Promise<void> {
    const name = run.claim.executorName;
    const state = await this.containers.state(name);
    if (state?.isRunning || run.state !== 'working') return void (run.deadSince = null);
    const { memoryMb } = this.config.manager.executors.limits;
    const output = `${run.session?.output() ?? ''}\n${state?.log ?? ''}`.trim();
    const verdict = exitVerdict(state, output, memoryMb);
    if (output !== '') this.log.debug(`${run.toString()}: printed ${output.slice(-1000)}`);
    this.end(run, 'container_ended');
    if (verdict.kind === 'fail') this.reporter.fail(run, verdict.code, verdict.message);
    else if (run.cancelledAt !== null) this.reporter.cancelled(run);
    else void this.reporter.release(run, verdict.reason);
    await this.containers.remove(name);
  }

  /** Frees the slot of a run. */
  end(run: ExecutorRun, outcome: string): void {
    if (run.state === 'ended') return;
    if (run.state === 'preparing') run.abort('lost');
    run.state = 'ended';
    const { taskId } = run.claim;
    this.idleSince.set(taskId, Date.now());
    if (this.runs.get(taskId) === run) this.runs.delete(taskId);
    runsNow.set(this.runs.size);
    endsTotal.inc({ outcome });
    this.log.log(`${run.toString()}: ${outcome}`);
    this.onFree();
  }

  /** Gives back what no executor has yet; executors that work go on. */
  async stop(): Promise<void> {
    for (const run of this.preparing.keys()) run.abort('stopping');
    await Promise.allSettled(this.preparing.values());
  }

  /** The container of a task that is no longer needed here is forgotten. */
  forget(taskId: number): void {
    this.idleSince.delete(taskId);
  }

  private add(run: ExecutorRun): void {
    this.runs.set(run.claim.taskId, run);
    runsNow.set(this.runs.size);
  }

  /** Never throws. */
  private async prepare(run: ExecutorRun, earlier: Promise<void> | undefined): Promise<void> {
    const beat = setInterval(() => void this.sendStage(run), STAGE_MS);
    try {
      this.reporter.claimed(run, CLAIMED);
      await earlier;
      await this.bringWork(run);
    } catch (error) {
      await this.onNotPrepared(run, error);
    } finally {
      clearInterval(beat);
    }
  }

  private async bringWork(run: ExecutorRun): Promise<void> {
    const { work, claim, signal } = run;
    if (!work) return;
    const image = await this.containers.image(work, (share) => this.onPulled(run, share), signal);
    signal.throwIfAborted();
    run.stage = 'Its container is started';
    const onStage = (stage: string) => (run.stage = stage);
    const session = await this.containers.provide(work, image, { signal, onStage });
    run.connect(session);
    signal.throwIfAborted();
    const line = workLine(work, { api_url: this.containers.apiUrl, executor_name: claim.executorName });
    await session.send(line);
    run.state = 'working';
    this.log.log(`${run.toString()}: its executor has the work`);
  }

  private onPulled(run: ExecutorRun, share: number): void {
    const stage = `The image of its executor is pulled: ${Math.floor(share * 100)} %`;
    const before = run.stage;
    run.stage = stage;
    const progress = CLAIMED + Math.floor(share * (PULLED - CLAIMED));
    if (before === stage) return;
    this.log.log(`${run.toString()}: ${stage}`);
    this.reporter.progress(run, progress);
  }

  private async sendStage(run: ExecutorRun): Promise<void> {
    const answer = await this.api.stage(run.claim, run.stage).catch(() => 'go_on' as const);
    if (run.state !== 'preparing') return;
    if (answer === 'cancelling') this.cancel(run.claim.taskId);
    if (answer === 'lost') run.abort('lost');
  }

  private async onNotPrepared(run: ExecutorRun, error: unknown): Promise<void> {
    const cause: unknown = run.signal.aborted ? run.signal.reason : error;
    if (run.session) await this.containers.remove(run.claim.executorName).catch(() => undefined);
    const hasEnded = run.state === 'ended';
    if (cause instanceof RunAborted) {
      this.end(run, cause.reason);
      if (cause.reason === 'cancelled') this.reporter.cancelled(run);
      if (cause.reason === 'stopping') await this.reporter.release(run, 'The executor manager was stopped');
    } else if (!hasEnded && cause instanceof ImageProblem) {
      this.end(run, 'image_unusable');
      this.reporter.fail(run, 'executor_image_unusable', cause.message);
    } else if (!hasEnded) {
      this.troubleAt = Date.now();
      this.log.warn(`${run.toString()}: ${engineWords(cause)}`);
      this.end(run, 'engine_trouble');
      const reason = cause instanceof EngineTrouble ? cause.message : 'The executor manager failed; its log says why';
      await this.reporter.release(run, reason);
    }
  }
}
