import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { StartEvent } from '../../common/contracts/chat-event.js';
import { type AnswerTurn, isByExecutor, type SubtaskRow } from '../../tasks/turns/answer-turn.js';
import type { ResolvedMember, ResolvedTeam } from '../../teams/resolved-teams.js';
import { TeamsService } from '../../teams/teams.service.js';

/** Names shell and model of answers for their `start` events. */
@Injectable()
export class StepLabels {
  constructor(private readonly teams: TeamsService) {}

  /** Returns what makes the `start` events of a turn; bots that are deleted are `unknown`. */
  async of(turn: AnswerTurn): Promise<(step: SubtaskRow) => StartEvent> {
    const team = await this.teamOf(turn.first);

    return (step) => {
      const { taskId, id, offers } = step;
      const member = team && memberOf(team, step, turn.steps.indexOf(step));
      const shellType = member?.shellType ?? 'unknown';
      const label = { shell_type: shellType, model: answeredBy(step) ?? modelOf(turn, step, member) };

      return { type: 'start', task_id: taskId, subtask_id: id, attempt: Math.max(offers, 1), ...label };
    };
  }

  private async teamOf({ userId, teamId }: SubtaskRow): Promise<ResolvedTeam | null> {
    try {
      return await this.teams.resolve(userId, { id: teamId });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;

      return null;
    }
  }
}

/** The bot at the position of a step, unless the team has changed there. */
function memberOf({ members }: ResolvedTeam, { botIds }: SubtaskRow, position: number): ResolvedMember | undefined {
  const placed = members[position];

  return placed?.id === botIds[0] ? placed : members.find(({ id }) => id === botIds[0]);
}

/** What has given the answer of a direct chat, which is stored with it. */
function answeredBy(step: SubtaskRow): string | null {
  const model = isByExecutor(step) ? null : step.result?.['model'];

  return typeof model === 'string' ? model : null;
}

function modelOf({ task }: AnswerTurn, { runModel }: SubtaskRow, member: ResolvedMember | null | undefined): string {
  const forced = runModel ?? (task.forceOverrideBotModel ? task.modelId : null);
  const own = member?.modelName ?? member?.model?.name ?? null;

  return forced ?? own ?? task.modelId ?? 'unknown';
}
