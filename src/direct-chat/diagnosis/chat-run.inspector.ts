import { Injectable } from '@nestjs/common';
import type { JobState, Queue } from 'bullmq';
import { InjectQueue } from '@nestjs/bullmq';
import type { ChatEvent } from '../../common/chat-event.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { SIGNS } from '../stream/scripts.js';
import { eventsOf } from '../stream/stream-text.js';
import { AppConfig } from '../../config/app-config.js';
import { PROCESS_NAME } from '../../infra/lifecycle.js';
import { type AnswerInspection, type Findings, fromRow } from '../../tasks/diagnosis/findings.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { findingsOf } from './chat-run.findings.js';
import { CHAT_RUNS, type ChatRunJob, chatRunJobId } from '../queue/chat-runs.jobs.js';
import { QueuePositions } from '../queue/queue-positions.js';
import { RunPlans } from '../plan/run-plan.js';

/** How a stream is doing, as its log knows it. */
export interface StreamHealth {
  /** Name of the process that took it last; null when none has. */
  owner: string | null;
  /** Milliseconds since the newest event, or since the take-over when there was none; null when nobody has taken it. */
  silentMs: number | null;
  /** The newest event. */
  newest: ChatEvent | null;
}

type Script = (...args: (string | number)[]) => Promise<string[]>;

/** Looks at streams from outside, for those who wonder why nothing comes. */
@Injectable()
export class StreamHealthReader {
  private readonly script: Script;

  constructor({ commands }: RedisClients) {
    commands.defineCommand('chatSigns', { lua: SIGNS, numberOfKeys: 2 });
    const { chatSigns } = commands as unknown as { chatSigns: Script };
    this.script = chatSigns.bind(commands);
  }

  /** @throws when Redis is away */
  async read(subtaskId: number): Promise<StreamHealth> {
    const answer = await this.script(keys.streamMeta(subtaskId), keys.stream(subtaskId));
    const [owner = '', at = '', clock = '', newest = ''] = answer;

    return {
      owner: owner === '' ? null : owner,
      silentMs: at === '' ? null : Math.max(0, Number(clock) - Number(at)),
      newest: eventsOf(newest).at(-1) ?? null,
    };
  }
}

/** Of a queue, what is asked here. */
interface Jobs {
  getJob(id: string): Promise<{ getState(): Promise<JobState | 'unknown'> } | undefined>;
}

export interface JobLockState {
  state: JobState | 'unknown';
  /** Of the lock, as Redis gives it: negative when there is none. */
  lockMs: number;
}

/**
 * State of a job and life of its lock, which belong together: a job gets its lock with becoming active, and loses it with
 * its end. Read at two moments they may say that a worker is lost that has just begun, or has just finished.
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
    private readonly streams: StreamHealthReader,
    private readonly positions: QueuePositions,
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
      jobLockState(this.queue, jobId, () => this.redis.commands.pttl(this.queue.toKey(`${jobId}:lock`))),
      this.positions.positionOf(runId),
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
