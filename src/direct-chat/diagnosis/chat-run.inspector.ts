import { Injectable } from '@nestjs/common';
import type { JobState, Queue } from 'bullmq';
import { InjectQueue } from '@nestjs/bullmq';
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { STREAM_HEALTH } from '../../answer-stream/log/scripts.js';
import { eventsOf } from '../../answer-stream/log/stream-text.js';
import { AppConfig } from '../../config/app-config.js';
import { PROCESS_NAME } from '../../infra/lifecycle.js';
import { type AnswerInspection, type Findings, fromRow } from '../../tasks/diagnosis/findings.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { findingsOf } from './chat-run.findings.js';
import { CHAT_RUNS, type ChatRunJob, chatRunJobId } from '../queue/chat-runs.jobs.js';
import { QueuePositions } from '../queue/queue-positions.js';
import { RunPlans } from '../plan/run-plan.js';

/** State of a stream by its log. */
export interface StreamHealth {
  /** Name of the process that owns it; null when none does. */
  owner: string | null;
  /** Milliseconds since the newest event, or since the take-over when there was none; null without an owner. */
  silentMs: number | null;
  /** The newest event. */
  newest: ChatEvent | null;
}

/** The part of a queue that is used here. */
interface Jobs {
  getJob(id: string): Promise<{ getState(): Promise<JobState | 'unknown'> } | undefined>;
}

export interface JobLockState {
  state: JobState | 'unknown';
  /** Milliseconds that the lock still lives, as Redis returns them: negative without a lock. */
  lockMs: number;
}

/**
 * Returns the state of a job with the remaining life of its lock. An active job has a lock. The state is read again when
 * the lock is missing, because the job may have ended between the two reads.
 */
export async function jobLockState(queue: Jobs, id: string, lockOf: () => Promise<number>): Promise<JobLockState> {
  const job = await queue.getJob(id);
  const state = (await job?.getState()) ?? 'unknown';
  const lockMs = await lockOf();
  if (state !== 'active' || lockMs > 0) return { state, lockMs };

  return { state: (await job?.getState()) ?? 'unknown', lockMs };
}

/** Inspects direct chats, in whichever process they run. */
@Injectable()
export class ChatRunInspector {
  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly redis: RedisClients,
    private readonly positions: QueuePositions,
    private readonly turns: TurnsService,
    private readonly plans: RunPlans,
    private readonly config: AppConfig,
  ) {
    redis.commands.defineCommand('chatHealth', { lua: STREAM_HEALTH, numberOfKeys: 2 });
  }

  /** Explains the state of an answer. The steps of a pipeline share one run and one stream, named by the first step. */
  async inspect({ subtask }: AnswerInspection): Promise<Findings> {
    const turn = await this.turns.turnOf(subtask.id);
    const runId = turn?.first.id ?? subtask.id;
    const jobId = chatRunJobId(runId);
    const { firstTokenTimeoutMs: firstTokenMs, idleTimeoutMs: idleMs } = this.config.provider;
    const [{ state, lockMs }, position, stream, label] = await Promise.all([
      jobLockState(this.queue, jobId, () => this.redis.commands.pttl(this.queue.toKey(`${jobId}:lock`))),
      this.positions.positionOf(runId),
      this.streamHealth(runId),
      turn && this.plans.labelOf(turn, turn.step(subtask.id) ?? turn.first),
    ]);

    return findingsOf(fromRow(subtask), {
      state,
      position,
      maxConcurrent: this.config.chat.maxConcurrent,
      lockMs,
      stream,
      model: label?.model ?? 'unknown',
      run: subtask.upstreamRun,
      here: PROCESS_NAME,
      limits: { firstTokenMs, idleMs },
      now: Date.now(),
    });
  }

  private async streamHealth(subtaskId: number): Promise<StreamHealth> {
    const commands = this.redis.commands as unknown as Record<'chatHealth', (...args: string[]) => Promise<string[]>>;
    const answer = await commands.chatHealth(keys.streamMeta(subtaskId), keys.stream(subtaskId));
    const [owner = '', at = '', clock = '', newest = ''] = answer;

    return {
      owner: owner === '' ? null : owner,
      silentMs: at === '' ? null : Math.max(0, Number(clock) - Number(at)),
      newest: eventsOf(newest).at(-1) ?? null,
    };
  }
}
