import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq';
import { withinOr } from '../../common/async/within.js';
import { AppConfig } from '../../config/app-config.js';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { CHAT_RUN_BACKOFF, CHAT_RUNS, isChatRunJob } from './chat-runs.jobs.js';
import { ActiveRuns, type RunOutcome, RunOwnershipCheck } from '../run/active-runs.js';
import { ChatRunner } from '../run/chat-runner.js';
import { FollowingRuns } from './following-runs.js';

/** Runs enqueued answers. The runner limits the attempts, because it reports the failure to the client. */
@Injectable()
export class ChatRunsProcessor extends QueueProcessor implements OnModuleDestroy {
  constructor(
    workers: QueueWorkers,
    private readonly runner: ChatRunner,
    private readonly activeRuns: ActiveRuns,
    private readonly ownership: RunOwnershipCheck,
    private readonly followingRuns: FollowingRuns,
    private readonly config: AppConfig,
  ) {
    super(workers, CHAT_RUNS, { concurrency: config.chat.maxConcurrent, backoff: CHAT_RUN_BACKOFF });
  }

  /** Stops fetching, waits a grace period for running answers, then hands the rest over to other workers. */
  async onModuleDestroy(): Promise<void> {
    void this.worker?.pause(true);
    const running = this.activeRuns.all();
    if (running.length > 0)
      this.log.log(
        `stopping: ${running.length} answer(s) may take ${this.config.server.shutdownGraceSeconds} s to end`,
      );
    const graceMs = this.config.server.shutdownGraceSeconds * 1000;
    await withinOr(graceMs, undefined, Promise.allSettled(running.map((handle) => handle.ended)));
    const remaining = this.activeRuns.all();
    for (const handle of remaining) handle.stop({ kind: 'handover' });
    await withinOr(5000, undefined, Promise.allSettled(remaining.map((handle) => handle.ended)));
  }

  async process(job: Job<unknown>, token?: string): Promise<RunOutcome> {
    if (!isChatRunJob(job.data)) throw new UnrecoverableError(`not a chat run: job ${job.id}`);
    const { subtaskId, position = 0, recovered } = job.data;
    // After an outage of Redis a job may come back although its run never stopped: it is joined.
    const isHere = this.activeRuns.get(subtaskId) !== undefined;
    const mayBeHeld = job.stalledCounter > 0 || recovered === true;
    if (!isHere && mayBeHeld && (await this.ownership.waitUntilFree(subtaskId)) === 'ended') return 'ended';
    const outcome = await this.activeRuns.run(subtaskId, position, (handle) => this.runner.run(handle, recovered));
    if (outcome === 'ended' || outcome === 'passed') return outcome;
    if (outcome === 'handover') {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    await job.moveToDelayed(outcome.suspendedUntil, token);
    throw new DelayedError();
  }

  /** A run that was to follow could not be enqueued before: a turn has one job at a time. */
  protected override onCompleted({ data }: Job, outcome: unknown): void {
    if (outcome === 'passed' && isChatRunJob(data)) void this.followingRuns.enqueue(data.subtaskId);
  }
}
