/** What the manager hands over: one line of JSON for each subtask. */
import { isSecretName } from '../../common/secrets/mask.js';
import { asNumber, asObject, asText, isJsonObject, type JsonObject, parseObject } from '../../common/text/json.js';

/** A bot that answers. */
export interface WorkBot {
  id: number;
  name: string;
  shellType: string;
  /** Its connection to a model. Holds secrets. */
  env: JsonObject;
  systemPrompt: string;
  mcpServers: JsonObject;
  skills: string[];
  role: string;
}

/** The repository of a task, with the user's account there. */
export interface WorkRepository {
  url: string;
  branch: string;
  /** Secret. */
  token: string | null;
}

/** The author of commits. */
export interface WorkAuthor {
  login: string | null;
  email: string | null;
  gitId: string | null;
}

/** A subtask to answer. */
export interface WorkItem {
  subtaskId: number;
  taskId: number;
  title: string;
  prompt: string;
  mode: string;
  bots: [WorkBot, ...WorkBot[]];
  repository: WorkRepository | null;
  author: WorkAuthor;
  executorName: string;
  /** That has worked on the task before; empty when none has. */
  previousExecutor: string;
  apiUrl: string;
  /** Secret. */
  authToken: string;
}

/** A line of the input. */
export type InputLine = { kind: 'work'; work: WorkItem } | { kind: 'stop' } | { kind: 'invalid'; problem: string };

/**
 * Reads a line of the input. Problems are told without the content of the line, which holds secrets.
 * @param executorName for lines that name none
 */
export function readLine(line: string, executorName: string): InputLine {
  const json = parseObject(line);
  if (!json) return { kind: 'invalid', problem: 'it is not a JSON object' };
  const conch = asObject(json['conch']) ?? {};
  if (conch['stop'] === true) return { kind: 'stop' };
  const work = workOf(json, conch, executorName);

  return typeof work === 'string' ? { kind: 'invalid', problem: work } : { kind: 'work', work };
}

/** @returns what is wrong, as a text */
function workOf(json: JsonObject, conch: JsonObject, executorName: string): WorkItem | string {
  const [subtaskId, taskId] = [asNumber(json['subtask_id']), asNumber(json['task_id'])];
  const [apiUrl, authToken] = [asText(conch['api_url']), asText(json['auth_token'])];
  if (subtaskId === undefined || taskId === undefined) return 'it has no subtask_id or no task_id';
  if (apiUrl === undefined || !URL.canParse(apiUrl)) return 'it has no conch.api_url';
  if (authToken === undefined) return 'it has no auth_token';
  const [first, ...others] = objectsOf(json['bot']).map(botOf);
  if (!first) return 'it has no bot';

  return {
    ...{ subtaskId, taskId, authToken, apiUrl: apiUrl.replace(/\/+$/, '') },
    ...{ title: textIn(json, 'task_title'), prompt: textIn(json, 'prompt'), mode: textIn(json, 'mode') },
    bots: [first, ...others],
    repository: repositoryOf(json),
    author: authorOf(asObject(json['user']) ?? {}),
    executorName: asText(conch['executor_name']) ?? executorName,
    previousExecutor: textIn(json, 'executor_name'),
  };
}

/** Everything of a subtask that no log and no message may show. */
export function secretsOf({ authToken, repository, bots }: WorkItem): string[] {
  const secrets = bots.flatMap(({ env, mcpServers }) => [
    ...secretTexts(env, false),
    ...secretTexts(mcpServers, false),
  ]);

  return [authToken, ...(repository?.token ? [repository.token] : []), ...secrets];
}

const textIn = (json: JsonObject, name: string) => asText(json[name]) ?? '';

const objectsOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

function botOf(bot: JsonObject): WorkBot {
  const skills = bot['skills'];

  return {
    id: asNumber(bot['id']) ?? 0,
    name: asText(bot['name']) ?? 'bot',
    shellType: asText(bot['shell_type']) ?? '',
    env: asObject(asObject(bot['agent_config'])?.['env']) ?? {},
    systemPrompt: asText(bot['system_prompt']) ?? '',
    mcpServers: asObject(bot['mcp_servers']) ?? {},
    skills: Array.isArray(skills) ? skills.filter((skill): skill is string => typeof skill === 'string') : [],
    role: asText(bot['role']) ?? '',
  };
}

function repositoryOf(json: JsonObject): WorkRepository | null {
  const url = asText(json['git_url'])?.trim();
  if (!url) return null;

  return {
    url,
    branch: asText(json['branch_name']) ?? '',
    token: asText(asObject(json['user'])?.['git_token'])?.trim() ?? null,
  };
}

function authorOf(user: JsonObject): WorkAuthor {
  return {
    login: asText(user['git_login']) ?? null,
    email: asText(user['git_email']) ?? null,
    gitId: asText(user['git_id']) ?? null,
  };
}

/** Texts under secret names, at any depth; what stands in `headers` and `env` is secret as a whole. */
function secretTexts(value: unknown, secret: boolean): string[] {
  if (typeof value === 'string') return secret ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => secretTexts(item, secret));
  if (!isJsonObject(value)) return [];

  return Object.entries(value).flatMap(([name, item]) =>
    secretTexts(item, secret || isSecretName(name) || /^(custom_?headers|headers|env)$/i.test(name)),
  );
}
