import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { MAX_ID } from '../../common/fields.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import type { UnrequestedAnswer } from '../../tasks/turns/new-turn.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { ChatRunQueue } from '../queue/chat-run-queue.js';
import { DirectChatService } from './direct-chat.service.js';

const EVERY_MS = 2_500;
const AT_A_TIME = 200;
/** Refusals that pass by themselves: the answer waits for the next sweep. */
const NO_ROOM: readonly string[] = ['too_many_chats', 'service_unavailable'];

/**
 * Starts answers that the tasks API has stored and that no client streams: clients of Wegent only poll. An answer begins
 * once, whatever other processes and clients do: its start is an update that the first of them makes.
 */
@Injectable()
export class WaitingAnswerStarter implements OnModuleInit {
  private readonly log = new Logger(WaitingAnswerStarter.name);

  constructor(
    private readonly turns: TurnsService,
    private readonly chats: DirectChatService,
    private readonly queue: ChatRunQueue,
    private readonly maintenance: MaintenanceTasks,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    const { selfStartMs } = this.config.chat;
    if (selfStartMs === 0) return;
    this.maintenance.register({ name: 'start-waiting-answers', everyMs: EVERY_MS, run: () => this.sweep(selfStartMs) });
  }

  /** @throws when the database is away */
  private async sweep(ageMs: number): Promise<void> {
    const full = new Set<number>();
    for (const answer of await this.turns.unrequested(ageMs, AT_A_TIME)) {
      if (full.has(answer.userId)) continue;
      const refusal = await this.start(answer);
      if (refusal?.code === 'too_many_running_tasks') full.add(answer.userId);
      else if (refusal && NO_ROOM.includes(refusal.code)) return;
    }
  }

  /** Starts an answer as the stream call does. One that cannot be started ends with the reason. @returns the refusal */
  private async start(answer: UnrequestedAnswer): Promise<AppError | null> {
    const { userId, taskId, subtaskId } = answer;
    try {
      await this.chats.startTask(userId, taskId, {});
      this.log.log(`task ${taskId} subtask ${subtaskId}: not streamed by a client: started`);

      return null;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const passes = error.status === 429 || error.code === 'service_unavailable' || error.code === 'task_busy';
      if (!passes) await this.fail(answer, error);

      return error;
    }
  }

  /** Ends an answer, unless another request has started it meanwhile. */
  private async fail({ userId, taskId, subtaskId }: UnrequestedAnswer, reason: AppError): Promise<void> {
    try {
      await this.turns.requestRun(userId, taskId, subtaskId, { modelId: null, prompt: null, limit: MAX_ID });
    } catch (error) {
      this.log.debug(`task ${taskId} subtask ${subtaskId}: not ended: ${logLine(error)}`);

      return;
    }
    this.log.warn(`task ${taskId} subtask ${subtaskId}: cannot be started: ${reason.code}: ${reason.message}`);
    await this.queue.fail(subtaskId, reason);
  }
}
