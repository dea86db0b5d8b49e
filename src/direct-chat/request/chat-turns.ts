import { Injectable } from '@nestjs/common';
import { DifyInputs } from '../../dify/inputs/dify-inputs.service.js';
import type { RunChoice } from '../../tasks/backends/answer-backend.js';
import { type TurnRequest, TurnsService } from '../../tasks/turns/turns.service.js';
import { answering } from '../../teams/answering.js';
import { ChatAdmission } from '../queue/chat-admission.js';
import { DirectChatTeams } from '../plan/direct-chat-teams.js';
import { RunLaunch } from '../queue/run-launch.js';
import { RunPlans, type TaskChoice } from '../plan/run-plan.js';

/** Turns that direct chat answers: from the request to the run in the queue. */
@Injectable()
export class ChatTurns {
  constructor(
    private readonly turns: TurnsService,
    private readonly teams: DirectChatTeams,
    private readonly plans: RunPlans,
    private readonly admission: ChatAdmission,
    private readonly launch: RunLaunch,
    private readonly inputs: DifyInputs,
  ) {}

  /**
   * Stores a turn and starts its answer.
   * @param task whose choice of a model holds where the request makes none
   * @throws AppError direct_chat_not_supported, model_not_configured, not_found, dify_input_invalid, too_many_chats,
   * service_unavailable and what storing a turn throws
   */
  async start(turn: TurnRequest, choice: RunChoice, task?: TaskChoice): Promise<{ taskId: number; subtaskId: number }> {
    const { userId, team, prompt } = turn;
    this.teams.require(team);
    const full = await this.withInputs(turn, choice);
    const chosen = await this.plans.choose(userId, team, full, task);
    const stored = await this.admission.admit((limit) => this.turns.store({ ...turn, run: { ...full, limit } }));
    const { taskId, subtaskId, messageId } = stored;
    const ids = { userId, taskId, subtaskId, messageId, questionId: messageId - 1 };
    await this.launch.start({ ...ids, prompt, previous: null, later: stored.subtaskIds.slice(2), ...chosen });

    return { taskId, subtaskId };
  }

  /** A choice with all inputs of its turn, those of the turns before included. @throws AppError dify_input_invalid */
  async withInputs(turn: Pick<TurnRequest, 'userId' | 'taskId' | 'team' | 'prompt'>, choice: RunChoice) {
    const { userId, taskId, team, prompt } = turn;
    const { inputs = null, files = null } = choice;
    const asked = { userId, taskId, teamId: team.id, prompt, inputs, files };

    return { ...choice, ...(await this.inputs.check(answering(team), asked)) };
  }
}
