import type { Team } from '../../api/catalog';
import { api, bodyOf, type Schemas } from '../../api/client';
import { teamRequest } from './team-parts';

/** Makes a bot and a team of it; the bot goes again when the team is refused. */
export async function createTeamWithBot(bot: Schemas['CreateBotDto']): Promise<Team> {
  const made = await bodyOf(api.POST('/api/bots', { body: bot }));
  try {
    const body = teamRequest(bot.name, 'solo', [{ botId: made.id, prompt: '', role: 'leader' }]);

    return await bodyOf(api.POST('/api/teams', { body }));
  } catch (error) {
    await api.DELETE('/api/bots/{id}', { params: { path: { id: made.id } } }).catch(() => undefined);
    throw error;
  }
}
