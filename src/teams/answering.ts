import { AppError } from '../common/app-error.js';
import type { ResolvedMember, ResolvedTeam } from './teams.service.js';

/** Who answers for a team, in order: all bots of a pipeline, else its leader. */
export function answering(team: ResolvedTeam): readonly ResolvedMember[] {
  return team.mode === 'pipeline' && team.members.length > 0 ? team.members : [leaderOf(team)];
}

/** The bot that answers for a team: the leader, else the first. */
export function leaderOf(team: ResolvedTeam): ResolvedMember {
  const leader = team.members.find((member) => member.role === 'leader') ?? team.members[0];
  if (!leader) throw new AppError('conflict', `Team "${team.name}" has no bots`);

  return leader;
}
