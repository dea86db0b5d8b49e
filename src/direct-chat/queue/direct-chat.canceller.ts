import { Injectable, Logger } from '@nestjs/common';
import { InjectQueue } from '@nestjs/bullmq';
import type { Job, Queue } from 'bullmq';
import type { AnswerTurn, SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { ActiveRuns } from '../run/active-runs.js';
import { OrphanedTurnFinalizer } from '../run/orphaned-turn-finalizer.js';
import { RedisBus } from '../../infra/redis/redis.bus.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { CHAT_RUNS, chatRunJobId, type ChatRunJob } from './chat-runs.jobs.js';

const WAITING_STATES = ['waiting', 'delayed', 'prioritized'];

/** Stops direct chats: in this process, in another one, or while they wait. */
@Injectable()
export class DirectChatCanceller {
  private readonly log = new Logger(DirectChatCanceller.name);

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly activeRuns: ActiveRuns,
    private readonly bus: RedisBus,
    private readonly orphans: OrphanedTurnFinalizer,
    private readonly turns: TurnsService,
  ) {}

  /** See `AnswerBackend.cancel`. */
  async cancel({ id }: SubtaskRow, at: number, force: boolean): Promise<void> {
    if (force) {
      this.log.warn(`subtask ${id}: nobody stopped it in time; ending it`);

      return this.endTurn(await this.turns.turnOf(id), 'running');
    }
    const handle = this.activeRuns.get(id);
    if (handle) {
      handle.stop({ kind: 'cancel', at });

      return;
    }
    // Published first: a run of another process must stop at once.
    await this.bus.publish('cancel', { subtaskId: id, at });
    const turn = await this.turns.turnOf(id);
    const job = await this.queue.getJob(chatRunJobId(turn?.first.id ?? id));
    const state = await job?.getState();
    if (state === 'active') return;
    if (!job || !state || !WAITING_STATES.includes(state)) return this.endTurn(turn, 'queued');
    if (await tryRemove(job)) await this.endTurn(turn, 'queued');
  }

  private async endTurn(turn: AnswerTurn | null, phase: 'queued' | 'running'): Promise<void> {
    if (turn) await this.orphans.cancel(turn, phase);
  }
}

/** Removes a job. @returns false when a worker has it */
async function tryRemove(job: Job): Promise<boolean> {
  try {
    await job.remove();

    return true;
  } catch {
    return false;
  }
}
