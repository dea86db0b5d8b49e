import { DIRECT_CHAT_SHELLS } from '../../common/contracts/shell-types.js';
import type { ResolvedTeam } from '../../teams/resolved-teams.js';

/** What is stored of one answer of a turn before it begins. */
export interface TurnStep {
  /** Ids of the bots that give it. */
  bots: number[];
  /** Whether an executor gives it, and not a direct chat. */
  onExecutors: boolean;
}

type Team = Pick<ResolvedTeam, 'mode'> & {
  members: readonly Pick<ResolvedTeam['members'][number], 'id' | 'shellType'>[];
};

/**
 * Returns the answers of a team's turn, in order. A pipeline answers once per member, each where the shell of its bot runs.
 * Every other mode answers once with all bots: by an executor if one of them needs it.
 */
export function stepsOf({ mode, members }: Team): TurnStep[] {
  const groups = mode === 'pipeline' ? members.map((member) => [member]) : [members];

  return groups.map((group) => ({
    bots: group.map(({ id }) => id),
    onExecutors: group.some(({ shellType }) => needsExecutor(shellType)),
  }));
}

/** Whether bots of a shell type answer in a container only. */
export const needsExecutor = (shellType: string): boolean => !DIRECT_CHAT_SHELLS.includes(shellType);

/** Whether executors give all answers of a team. */
export const isOnExecutors = (team: Team): boolean => stepsOf(team).every(({ onExecutors }) => onExecutors);

/** Whether executors give some answers of a team, and direct chat gives others. */
export const isMixed = (team: Team): boolean => hasExecutorSteps(team) && !isOnExecutors(team);

/** Whether executors give at least one answer of a team. */
export const hasExecutorSteps = (team: Team): boolean => stepsOf(team).some(({ onExecutors }) => onExecutors);
