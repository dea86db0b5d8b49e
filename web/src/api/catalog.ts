import { queryOptions } from '@tanstack/react-query';
import { allPages, wholeItems } from './all-pages';
import { api, bodyOf, type Schemas } from './client';

export type Model = Schemas['ModelDto'];
export type Bot = Schemas['BotDto'];
export type Team = Schemas['TeamDto'];
export type Shell = Schemas['ShellDto'];

/** What can answer: models, shells, bots made of them, and teams of bots. Several places choose from these lists. */
export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async () =>
    wholeItems<Schemas['ListedModelDto']>(
      await allPages((query) => bodyOf(api.GET('/api/models', { params: { query } }))),
      (model) => model.detailsOmitted === true,
      ({ name }) => bodyOf(api.GET('/api/models/{name}', { params: { path: { name } } })),
    ),
});

export const botsQuery = queryOptions({
  queryKey: ['bots'],
  queryFn: async () =>
    wholeItems<Schemas['ListedBotDto']>(
      await allPages((query) => bodyOf(api.GET('/api/bots', { params: { query } }))),
      (bot) => bot.details_omitted === true,
      ({ id }) => bodyOf(api.GET('/api/bots/{id}', { params: { path: { id } } })),
    ),
});

export const teamsQuery = queryOptions({
  queryKey: ['teams'],
  queryFn: async () =>
    wholeItems<Schemas['ListedTeamDto']>(
      await allPages((query) => bodyOf(api.GET('/api/teams', { params: { query } }))),
      (team) => team.details_omitted === true,
      ({ id }) => bodyOf(api.GET('/api/teams/{id}', { params: { path: { id } } })),
    ),
});

export const shellsQuery = queryOptions({
  queryKey: ['shells'],
  queryFn: async () => (await bodyOf(api.GET('/api/shells/unified'))).data,
});

/** Rows of the seeds belong to user 0: everybody sees them, their files alone change them. */
export const isPublic = (row: { user_id: number }): boolean => row.user_id === 0;

export const teamLabel = (team: Pick<Team, 'name' | 'display_name'>): string => team.display_name ?? team.name;
