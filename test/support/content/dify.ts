import type { CapturedRequest } from '../../../tools/simulator/simulator.js';
import type { Api, ResultBody } from '../api.js';
import type { Stage } from '../stages/stage.js';
import { add } from './teams.js';

export interface DifyTeam {
  botId: number;
  teamId: number;
}

type Env = Record<string, unknown>;

let added = 0;

/** A bot whose app is chosen by the key, as the simulator's README tells. @returns its id */
export function addDifyBot({ simulator }: Stage, api: Api, key: string, env: Env = {}): Promise<number> {
  const connection = { DIFY_API_KEY: key, DIFY_BASE_URL: `${simulator.url}/dify`, ...env };
  const name = `dify-${(added += 1)}`;

  return add(api, '/bots', { name, shell_name: 'Dify', agent_config: { env: connection } });
}

/** The same with a team of its own. */
export async function addDifyTeam(stage: Stage, api: Api, key: string, env: Env = {}): Promise<DifyTeam> {
  const botId = await addDifyBot(stage, api, key, env);
  const teamId = await add(api, '/teams', { name: `team of bot ${botId}`, bots: [{ bot_id: botId }] });

  return { botId, teamId };
}

/** Bodies of the runs that the app of a key was asked for, oldest first. */
export function difyRuns({ simulator }: Stage, key: string): Record<string, unknown>[] {
  const isRun = ({ path, headers }: CapturedRequest) =>
    /\/(chat-messages|completion-messages|workflows\/run)$/.test(path) && headers.authorization === `Bearer ${key}`;

  return simulator.requests.filter(isRun).map(({ body }) => body as Record<string, unknown>);
}

/** Steps of a stored answer that go on although the answer is over. */
export function openSteps(result: ResultBody | null): unknown[] {
  const steps = (result?.['steps'] ?? []) as { status: string }[];

  return steps.filter(({ status }) => ['running', 'retrying', 'paused'].includes(status));
}
