import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq';
import { withinOr } from '../../common/within.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { isOutage } from '../../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../../infra/queue/worker-options.js';
import { cappedBackoff } from '../../tasks/tasks.jobs.js';
import { CHAT_RUNS, isChatRunJob } from './chat-runs.jobs.js';
import { RunOwnershipCheck } from './run-ownership-check.js';
import { ActiveRuns } from '../run/active-runs.js';
import { RunStarts } from './run-starts.js';

/**
 * Takes chat runs from the queue. A lost worker is noticed after its lock ran out and the next check came:
 * at most 8.5 s.
 */
@Processor(CHAT_RUNS, {
  ...WORKER_OPTIONS,
  lockDuration: 6000,
  lockRenewTime: 2000,
  stalledInterval: 2500,
  // How often an answer is tried is the runner's decision: it has to tell the client.
  maxStalledCount: 10_000,
  settings: { backoffStrategy: cappedBackoff },
})
export class ChatRunsProcessor extends WorkerHost implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(ChatRunsProcessor.name);

  constructor(
    private readonly starts: RunStarts,
    private readonly registry: ActiveRuns,
    private readonly claims: RunOwnershipCheck,
    private readonly config: AppConfig,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    if (!this.config.roles.has('worker')) return;
    this.worker.concurrency = this.config.chat.maxConcurrent;
    void this.worker.run();
  }

  /** No new runs; running ones get a grace period, what is left then goes to another worker. */
  async onModuleDestroy(): Promise<void> {
    void this.worker.pause(true);
    const running = this.registry.all();
    if (running.length > 0)
      this.log.log(
        `stopping: ${running.length} answer(s) may take ${this.config.server.shutdownGraceSeconds} s to end`,
      );
    const graceMs = this.config.server.shutdownGraceSeconds * 1000;
    await withinOr(graceMs, undefined, Promise.allSettled(running.map((handle) => handle.ended)));
    const left = this.registry.all();
    for (const handle of left) handle.stop({ kind: 'handover' });
    await withinOr(5000, undefined, Promise.allSettled(left.map((handle) => handle.ended)));
  }

  async process(job: Job<unknown>, token?: string): Promise<void> {
    if (!isChatRunJob(job.data)) throw new UnrecoverableError(`not a chat run: job ${job.id}`);
    const { subtaskId, recovered } = job.data;
    // After Redis was away this job may come back although its run never stopped: it goes on.
    const isHere = this.registry.get(subtaskId) !== undefined;
    const mayBeHeld = job.stalledCounter > 0 || recovered === true;
    if (!isHere && mayBeHeld && (await this.claims.waitUntilFree(subtaskId)) === 'ended') return;
    const outcome = await this.starts.run(subtaskId);
    if (outcome === 'ended') return;
    if (outcome === 'handover') {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    await job.moveToDelayed(outcome.leaveUntil, token);
    throw new DelayedError();
  }

  @OnWorkerEvent('stalled')
  onStalled(jobId: string): void {
    this.log.warn(`${jobId}: its worker is lost; it is handed to another one`);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job | undefined, error: Error): void {
    this.log.warn(`${job?.id}, attempt ${job?.attemptsMade}: ${logLine(error)}`);
  }
}
