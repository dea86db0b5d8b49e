/** How the program `claude` is started. Options and variables as version 2.1.197 knows them. */
import { EngineError, type EngineTurn } from '../engine.js';
import { mcpServers } from '../mcp-servers.js';
import { type ModelConnection, modelConnection } from '../model-connection.js';
import type { PrivateFiles } from '../private-files.js';
import type { WorkBot } from '../../tasks/work-item.js';

/** Units of the JSON of sub-agents: Linux limits one argument to 128 KiB. */
const MAX_AGENTS = 100_000;
const REPEATED =
  '\n\n(An earlier attempt at this request was interrupted. Check what is done already, and go on from there.)';

/** Arguments, environment and input of one run. */
export interface ClaudeLaunch {
  args: string[];
  env: NodeJS.ProcessEnv;
  input: string;
}

/**
 * Prepares a run of the leading bot, with the others as its sub-agents. The prompt is the input of the program, and the
 * rest that may be long or secret is in its environment and in private files: its command line shows neither.
 * @throws EngineError model_not_configured
 */
export function claudeLaunch(turn: EngineTurn, files: PrivateFiles): ClaudeLaunch {
  const [leader, ...others] = turn.work.bots;
  const connection = modelConnection(leader, 'claude');
  const { modelId } = connection;
  if (connection.provider !== 'claude') {
    throw new EngineError(`Bot "${leader.name}": ClaudeCode needs a model of the type claude`, 'model_not_configured');
  }
  if (connection.apiKey === undefined && connection.authToken === undefined) {
    throw new EngineError(`Bot "${leader.name}": its model has no API_KEY`, 'model_not_configured');
  }
  const servers = Object.assign({}, ...turn.work.bots.map((bot) => mcpServers(bot.mcpServers))) as object;
  const args = [
    ...['-p', '--output-format', 'stream-json', '--verbose', '--include-partial-messages'],
    '--dangerously-skip-permissions',
    ...(modelId === undefined ? [] : ['--model', modelId]),
    ...(turn.sessionId === undefined ? [] : ['--resume', turn.sessionId]),
    ...(leader.systemPrompt === ''
      ? []
      : ['--append-system-prompt-file', files.write('system.md', leader.systemPrompt)]),
    ...(Object.keys(servers).length === 0
      ? []
      : ['--mcp-config', files.write('mcp.json', JSON.stringify({ mcpServers: servers }))]),
    ...agentsOf(others),
  ];
  const input = turn.sessionId !== undefined && turn.isRepeated ? turn.work.prompt + REPEATED : turn.work.prompt;

  return { args, env: { ...turn.env, ...environmentOf(connection), HOME: turn.home }, input };
}

function agentsOf(bots: readonly WorkBot[]): string[] {
  if (bots.length === 0) return [];
  const agents = bots.map((bot) => [
    agentName(bot),
    { description: `${bot.role || bot.name}: ${bot.name}`, prompt: bot.systemPrompt || `You are ${bot.name}.` },
  ]);
  const json = JSON.stringify(Object.fromEntries(agents));
  if (json.length > MAX_AGENTS) throw new EngineError('The prompts of the team’s bots are too long for sub-agents');

  return ['--agents', json];
}

/** Lower case, digits and hyphens; the id keeps names apart that become the same. */
function agentName({ id, name }: WorkBot): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

  return words === name.toLowerCase() ? words : `${words || 'bot'}-${id}`;
}

function environmentOf({ apiKey, authToken, baseUrl, headers, modelId }: ModelConnection): NodeJS.ProcessEnv {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}`);

  return {
    ...(apiKey !== undefined ? { ANTHROPIC_API_KEY: apiKey } : { ANTHROPIC_AUTH_TOKEN: authToken }),
    ...(baseUrl !== undefined && { ANTHROPIC_BASE_URL: withoutVersion(baseUrl) }),
    ...(lines.length > 0 && { ANTHROPIC_CUSTOM_HEADERS: lines.join('\n') }),
    // For its small tasks too: other servers than Anthropic's have no model of another name.
    ...(modelId !== undefined && { ANTHROPIC_MODEL: modelId, ANTHROPIC_SMALL_FAST_MODEL: modelId }),
    ...{ DISABLE_TELEMETRY: '1', DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
    // The container is the sandbox; as root the program refuses to work without this.
    IS_SANDBOX: '1',
  };
}

/** The program appends `/v1/messages` itself. */
const withoutVersion = (baseUrl: string) => baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '');
