import type { Api } from '../api.js';

interface NewTeam {
  name: string;
  /** One bot per entry. */
  shells: string[];
  mode?: string;
}

/** Adds a pipeline of bots. @param models what each bot is bound to; its prompt is `I am ` and that @returns its id */
export async function addPipeline(api: Api, name: string, models: readonly string[]): Promise<number> {
  const bots: { bot_id: number }[] = [];
  for (const model of models) {
    const bot = { shell_name: 'Chat', agent_config: { bind_model: model }, system_prompt: `I am ${model}.` };
    bots.push({ bot_id: await add(api, '/bots', { name: `${name}-${bots.length}`, ...bot }) });
  }

  return add(api, '/teams', { name, bots, workflow: { mode: 'pipeline' } });
}

/** Adds a team with new bots. @returns its id */
export async function addTeam(api: Api, { name, shells, mode = 'solo' }: NewTeam): Promise<number> {
  const bots: { bot_id: number }[] = [];
  for (const [index, shell] of shells.entries()) {
    bots.push({ bot_id: await add(api, '/bots', { name: `${name}-${index}`, shell_name: shell, agent_config: {} }) });
  }

  return add(api, '/teams', { name, bots, workflow: { mode } });
}

/** Posts a new row. @returns its id */
export async function add(api: Api, path: string, body: object): Promise<number> {
  const reply = await api.post<{ id: number }>(path, body);
  if (reply.status >= 300) throw new Error(`POST ${path}: HTTP ${reply.status} ${reply.text}`);

  return reply.body.id;
}
