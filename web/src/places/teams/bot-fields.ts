import type { Bot } from '../../api/catalog';
import type { Schemas } from '../../api/client';
import { objectOf } from '../models/model-fields';
import { CHAT_SHELL, DIFY_SHELL, envOf } from './team-parts';

/** What the dialog of a bot holds. */
export interface BotFields {
  name: string;
  shell: string;
  model: string | null;
  prompt: string;
  skills: string[];
  /** JSON of `mcp_servers`. */
  servers: string;
  /** JSON of `agent_config`, without the bound model. */
  config: string;
  difyAddress: string;
  /** Empty: the stored one stays. */
  difyKey: string;
}

export const difyKeyOf = (bot: Bot | null): string | undefined => textOf(envOf(bot)['DIFY_API_KEY']);

const NEW_BOT: BotFields = {
  name: '',
  shell: CHAT_SHELL,
  model: null,
  prompt: '',
  skills: [],
  servers: '',
  config: '',
  difyAddress: '',
  difyKey: '',
};

export function botFieldsOf(bot: Bot | null): BotFields {
  if (bot === null) return NEW_BOT;
  const config = Object.fromEntries(
    Object.entries(bot.agent_config).filter(([name]) => name !== 'bind_model' && name !== 'model_name'),
  );

  return {
    name: bot.name,
    shell: bot.shell_name,
    model: bot.model_name,
    prompt: bot.system_prompt,
    skills: bot.skills,
    servers: jsonOf(bot.mcp_servers),
    config: jsonOf(config),
    difyAddress: textOf(envOf(bot)['DIFY_BASE_URL']) ?? '',
    difyKey: '',
  };
}

/** The body of POST and PUT. Masked secrets that are sent back stay as they are stored. @throws SyntaxError */
export function botRequest(fields: BotFields, isDify: boolean): Schemas['CreateBotDto'] {
  const bot = { name: fields.name.trim(), shell_name: fields.shell, system_prompt: fields.prompt };
  if (isDify) return { ...bot, model_name: null, agent_config: difyConfigOf(fields) };

  return {
    ...bot,
    model_name: fields.model,
    agent_config: objectOf(fields.config),
    mcp_servers: objectOf(fields.servers),
    skills: fields.skills,
  };
}

/** Other settings of the app stay: only address and key are set. */
function difyConfigOf({ config, difyAddress, difyKey }: BotFields): Record<string, unknown> {
  const stored = objectOf(config);
  const env = { ...(stored['env'] as Record<string, unknown> | undefined) };
  if (difyKey.trim() !== '') env['DIFY_API_KEY'] = difyKey.trim();
  if (difyAddress.trim() !== '') env['DIFY_BASE_URL'] = difyAddress.trim();
  else delete env['DIFY_BASE_URL'];

  return { ...stored, env };
}

/** Whether bots of a shell ask a Dify app. */
export const isDifyShell = (shellType: string | undefined) => shellType === DIFY_SHELL;

const jsonOf = (value: object) => (Object.keys(value).length > 0 ? JSON.stringify(value, null, 2) : '');

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
