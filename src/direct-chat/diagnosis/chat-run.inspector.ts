import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { PROCESS_NAME } from '../../infra/process-name.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { type AnswerInspection, type Findings, fromRow } from '../../tasks/diagnosis/findings.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { findingsOf } from './chat-run.findings.js';
import { CHAT_RUNS, chatRunJobId, type ChatRunJob } from '../queue/chat-runs.jobs.js';
import { jobLockState } from './job-lock-state.js';
import { QueuePositions } from '../queue/queue-positions.js';
import { RunPlans } from '../plan/run-plan.js';
import { StreamHealthReader } from './stream-health.js';

/** Looks at direct chats, wherever they run. */
@Injectable()
export class ChatRunInspector {
  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly redis: RedisClients,
    private readonly streams: StreamHealthReader,
    private readonly places: QueuePositions,
    private readonly turns: TurnsService,
    private readonly plans: RunPlans,
    private readonly config: AppConfig,
  ) {}

  /** The steps of a pipeline have one run and one stream, named by the first of them. */
  async inspect({ subtask }: AnswerInspection): Promise<Findings> {
    const turn = await this.turns.turnOf(subtask.id);
    const runId = turn?.first.id ?? subtask.id;
    const jobId = chatRunJobId(runId);
    const { firstTokenTimeoutMs: firstTokenMs, idleTimeoutMs: idleMs } = this.config.provider;
    const [{ state, lockMs }, position, signs, label] = await Promise.all([
      jobLockState(this.queue, jobId, () => this.redis.commands.pttl(keys.queueLock(CHAT_RUNS, jobId))),
      this.places.placeOf(runId),
      this.streams.read(runId),
      turn && this.plans.labelOf(turn, turn.step(subtask.id) ?? turn.first),
    ]);

    return findingsOf(fromRow(subtask), {
      state,
      position,
      maxConcurrent: this.config.chat.maxConcurrent,
      lockMs,
      signs,
      model: label?.model ?? 'unknown',
      run: subtask.upstreamRun,
      here: PROCESS_NAME,
      limits: { firstTokenMs, idleMs },
      now: Date.now(),
    });
  }
}
