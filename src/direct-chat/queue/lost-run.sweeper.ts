import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectQueue } from '@nestjs/bullmq';
import type { Queue } from 'bullmq';
import { isTerminal, type TerminalEvent } from '../../common/contracts/chat-event.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import type { TaskUpdate } from '../../tasks/tasks.jobs.js';
import { resultOf } from '../../answer-stream/stored-answer.js';
import { provenEnd, StreamLog } from '../../answer-stream/log/stream-log.js';
import { AppConfig } from '../../config/app-config.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import { isByExecutor } from '../../tasks/turns/answer-turn.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { CHAT_RUNS, type ChatRunJob, chatRunJobId } from './chat-runs.jobs.js';
import { ChatRunQueue } from './chat-run-queue.js';

const STATUS: Record<TerminalEvent['type'], TaskUpdate['status']> = {
  done: 'COMPLETED',
  error: 'FAILED',
  cancelled: 'CANCELLED',
};

/** Reports ends to the database that only the log has, because their reports were lost. */
@Injectable()
export class LoggedEndRecovery {
  constructor(
    private readonly log: StreamLog,
    private readonly updates: TaskUpdatesService,
  ) {}

  /** @param streamId the first subtask of the turn @returns whether the stream has ended */
  async report(streamId: number): Promise<boolean> {
    const state = await this.log.state(streamId);
    if (!state?.ended) return false;
    const text = await this.log.text(streamId);
    const { last, subtaskId } = text;
    if (!last || !isTerminal(last)) return false;
    await this.updates.enqueue({
      subtaskId: subtaskId ?? streamId,
      status: STATUS[last.type],
      result: { ...resultOf(text, last.usage), ...timesOf(last) },
      ...(last.type === 'error' && { errorMessage: last.error }),
      terminal: { event: last, seq: provenEnd(state) },
    });

    return true;
  }
}

const timesOf = (end: TerminalEvent) =>
  end.type === 'done' && { elapsed_ms: end.elapsed_ms, first_token_ms: end.first_token_ms };

const AT_A_TIME = 500;

/**
 * Enqueues unfinished answers again whose jobs were lost: the process died between the two writes, or Redis lost its
 * data.
 */
@Injectable()
export class LostRunSweeper implements OnModuleInit {
  private readonly log = new Logger(LostRunSweeper.name);

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly runs: Queue<ChatRunJob>,
    private readonly maintenance: MaintenanceTasks,
    private readonly turns: TurnsService,
    private readonly loggedEnds: LoggedEndRecovery,
    private readonly config: AppConfig,
    private readonly queue: ChatRunQueue,
  ) {}

  onModuleInit(): void {
    // Younger answers may be between database and queue.
    const { lostRunAgeSeconds, maintenanceMs: everyMs } = this.config.queues;
    this.maintenance.register({ name: 'find-lost-runs', everyMs, run: () => this.sweep(lostRunAgeSeconds) });
  }

  private async sweep(ageSeconds: number): Promise<void> {
    for (const { firstId } of await this.turns.staleRuns(ageSeconds, AT_A_TIME)) await this.recover(firstId);
  }

  /** Enqueues a run as `recovered`: a worker may still run it without a job. */
  private async recover(subtaskId: number): Promise<void> {
    const job = await this.runs.getJob(chatRunJobId(subtaskId));
    const state = await job?.getState();
    if (state === 'failed') await job?.remove();
    else if (job) return;
    if (await this.loggedEnds.report(subtaskId)) return;
    const turn = await this.turns.turnOf(subtaskId);
    const current = turn?.current;
    if (!current || isByExecutor(current)) return;
    this.log.warn(`subtask ${subtaskId}: no queue knows its run; starting it again`);
    await this.queue.enqueue({ subtaskId, position: turn.runPosition(current), recovered: true });
  }
}
