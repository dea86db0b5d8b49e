import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type RunChoice, type RunStarter, RunStarters } from '../tasks/run-starters.js';
import { runsOnExecutors, type TurnRequest, TurnsService } from '../tasks/turns.service.js';
import { ChatAdmission } from './chat-admission.js';
import { DirectChatTeams } from './direct-chat-teams.js';
import { RunLaunch } from './run-launch.js';
import { RunPlans, type TaskChoice } from './run-plan.js';

/** Turns that direct chat answers: from the request to the run in the queue. */
@Injectable()
export class ChatTurns implements RunStarter, OnModuleInit {
  constructor(
    private readonly turns: TurnsService,
    private readonly teams: DirectChatTeams,
    private readonly plans: RunPlans,
    private readonly admission: ChatAdmission,
    private readonly launch: RunLaunch,
    private readonly starters: RunStarters,
  ) {}

  onModuleInit(): void {
    this.starters.register(this);
  }

  handles(team: TurnRequest['team']): boolean {
    return !runsOnExecutors(team);
  }

  /**
   * Stores a turn and starts its answer.
   * @param task whose choice of a model holds where the request makes none
   * @throws AppError direct_chat_not_supported, model_not_configured, not_found, too_many_chats, service_unavailable and
   * what storing a turn throws
   */
  async start(turn: TurnRequest, choice: RunChoice, task?: TaskChoice): Promise<{ taskId: number; subtaskId: number }> {
    const { userId, team, prompt } = turn;
    this.teams.require(team);
    const chosen = await this.plans.choose(userId, team, choice, task);
    const stored = await this.admission.admit((limit) => this.turns.store({ ...turn, run: { ...choice, limit } }));
    const { taskId, subtaskId, messageId } = stored;
    const ids = { userId, taskId, subtaskId, messageId, questionId: messageId - 1 };
    await this.launch.start({ ...ids, prompt, previous: null, later: stored.subtaskIds.slice(2), ...chosen });

    return { taskId, subtaskId };
  }
}
