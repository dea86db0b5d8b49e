import { useQuery } from '@tanstack/react-query';
import { api, bodyOf, type Schemas } from '../../../api/client';
import { chatKeys } from './chat-keys';

export type Team = Schemas['TeamDto'];

const FIRST_TEAM = 'demo-team';
const MINUTE_MS = 60_000;

/** The teams that can be asked. */
export function useTeams() {
  return useQuery({
    queryKey: chatKeys.teams,
    queryFn: async ({ signal }) => {
      const { items } = await bodyOf(api.GET('/api/teams', { params: { query: { page: 1, limit: 100 } }, signal }));

      return items.filter((team) => team.is_active).sort((a, b) => teamName(a).localeCompare(teamName(b)));
    },
    staleTime: MINUTE_MS,
  });
}

/** The models that may replace the one of a bot. */
export function useModels() {
  return useQuery({
    queryKey: chatKeys.models,
    queryFn: async ({ signal }) => {
      const { data } = await bodyOf(api.GET('/api/models/unified', { signal }));

      return data.filter((model) => model.isActive);
    },
    staleTime: MINUTE_MS,
  });
}

/** The form of a team's app; teams that answer from a model have none. */
export function useInputParameters(team: Team | undefined) {
  const isApp = team !== undefined && isDify(team);

  return useQuery({
    queryKey: chatKeys.inputs(team?.id ?? 0),
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/api/teams/{id}/input-parameters', { params: { path: { id: team?.id ?? 0 } }, signal })),
    enabled: isApp,
    staleTime: MINUTE_MS,
  });
}

/** The name that is shown. */
export const teamName = (team: Pick<Team, 'name' | 'display_name'>): string => team.display_name ?? team.name;

/** Whether Dify apps answer for the team. */
export const isDify = (team: Team): boolean => team.bots.some(({ bot }) => bot?.shell_type === 'Dify');

/** The team of a first conversation: the demo, else any. */
export const firstTeam = (teams: readonly Team[]): Team | undefined =>
  teams.find(({ name }) => name === FIRST_TEAM) ?? teams[0];

/** The bot that takes the files of a team's app; null when no app answers. */
export const difyBotOf = (team: Team | null): number | null =>
  team?.bots.find(({ bot }) => bot?.shell_type === 'Dify')?.bot_id ?? null;
