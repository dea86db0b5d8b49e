import type { Bot, Team } from '../../api/catalog';
import type { Schemas } from '../../api/client';

export const MODES = ['solo', 'pipeline', 'route', 'coordinate', 'collaborate'] as const;
export type Mode = (typeof MODES)[number];

export const CHAT_SHELL = 'Chat';
export const DIFY_SHELL = 'Dify';

/** A bot of a team, in the order in which a pipeline runs. */
export interface Member {
  botId: number | null;
  prompt: string;
  role: string;
}

export const membersOf = (team: Team): Member[] =>
  team.bots.map(({ bot_id: botId, bot_prompt: prompt, role }) => ({ botId, prompt, role }));

/** The body of POST and PUT of a team; members without a bot are left out. */
export function teamRequest(name: string, mode: string, members: readonly Member[]): Schemas['CreateTeamDto'] {
  return {
    name: name.trim(),
    workflow: { mode },
    bots: members.flatMap(({ botId, prompt, role }) =>
      botId === null ? [] : [{ bot_id: botId, bot_prompt: prompt, role: role.trim() }],
    ),
  };
}

/** `agent_config` of a bot that asks a Dify app. */
export const difyConfig = (address: string, key: string) => ({
  env: { DIFY_API_KEY: key.trim(), ...(address.trim() !== '' && { DIFY_BASE_URL: address.trim() }) },
});

/** The own connection of a bot. */
export function envOf(bot: Bot | null): Record<string, unknown> {
  const env = bot?.agent_config['env'];

  return typeof env === 'object' && env !== null ? (env as Record<string, unknown>) : {};
}

/** The names of the teams that a bot works in. */
export const teamsWith = (teams: readonly Team[], botId: number): Team[] =>
  teams.filter(({ bots }) => bots.some(({ bot_id: id }) => id === botId));
