/** Asks the server about one case. */
import type { Api, SubtaskBody, TaskBody } from '../support/api.js';
import { startOf } from '../support/api.js';
import { eventually } from '../support/child.js';
import { fold, type Received } from '../support/streams/sse.js';
import { type CaseTurn, type ProviderCase, turnsOf } from './case.js';
import { differencesOf } from './compare.js';
import { flawsOf } from './always.js';
import { CaseProvider, type SeenRequest } from './provider.js';

const KEY = 'sk-case-0123456789abcdef';
/** For cases without a time of their own: four attempts with pauses, on a busy machine. */
const LIMIT_MS = 30_000;
const FINAL = ['COMPLETED', 'FAILED', 'CANCELLED'];

interface Stored {
  task: TaskBody;
  answer: SubtaskBody;
}

/** What a turn has come to. */
export interface Actual {
  terminal: string;
  text: string;
  reasoning: string;
  finishReason?: string | undefined;
  code?: string | undefined;
  error?: string | undefined;
  retryable?: boolean | undefined;
  /** Of a refusal that came in place of a stream. */
  status?: number;
  events: readonly Received[];
  requests: readonly SeenRequest[];
  connections: number;
  /** The answer of the turn before. */
  before?: string | undefined;
  stored?: Stored;
}

type Reply = Omit<Actual, 'requests' | 'connections' | 'before'>;

const NOTHING = { text: '', reasoning: '', events: [] };

/** Runs a case. @returns what is other than expected */
export async function problemsOf(api: Api, kase: ProviderCase): Promise<string[]> {
  const provider = await CaseProvider.start(kase);
  try {
    return kase.action === 'test-connection'
      ? await testConnection(api, kase, provider)
      : await ask(api, kase, provider);
  } finally {
    await provider.close();
  }
}

async function ask(api: Api, kase: ProviderCase, provider: CaseProvider): Promise<string[]> {
  const team = await makeTeam(api, kase, provider);
  const problems: string[] = [];
  let taskId: number | undefined;
  let before: string | undefined;
  for (const [index, turn] of turnsOf(kase).entries()) {
    provider.serve(turn);
    const asked = provider.questions.length;
    const connected = provider.connections;
    const body = {
      prompt: turn.prompt ?? `Question ${index + 1}`,
      ...(taskId ? { task_id: taskId } : { team_id: team.id }),
    };
    const reply = team.refusal ?? (await answerTo(api, turn, body));
    const actual = {
      ...reply,
      ...{ before, connections: provider.connections - connected },
      requests: provider.questions.slice(asked),
    };
    const found = [...differencesOf(turn.expect, actual), ...flawsOf(actual)];
    problems.push(...found.map((problem) => (kase.turns ? `turn ${index + 1}: ${problem}` : problem)));
    if (reply.terminal === 'rejected') break;
    taskId ??= reply.stored?.task.id;
    before = reply.text;
  }

  return problems;
}

async function answerTo(
  api: Api,
  { expect: { max_ms: max }, cancel_at: cancelAt }: CaseTurn,
  body: object,
): Promise<Reply> {
  const stream = await api.ask({ ...body });
  if (!stream.isStream) return refusal(stream.status, (await stream.untilClosed()).json());
  if (cancelAt !== undefined) {
    await stream.until(() => fold(stream.events).content.includes(cancelAt));
    await api.cancel(startOf(stream).taskId);
  }
  await stream.untilClosed(max === undefined ? LIMIT_MS : max + LIMIT_MS);

  return answerOf(stream.events, await storedAnswer(api, startOf(stream)));
}

/** The answer's row and its task, once they are final. */
function storedAnswer(api: Api, { taskId, subtaskId }: ReturnType<typeof startOf>): Promise<Stored> {
  return eventually('the answer is stored', async () => {
    const task = await api.task(taskId);
    const answer = task.subtasks.find(({ id }) => id === subtaskId);

    return answer && FINAL.includes(answer.status) ? { task, answer } : null;
  });
}

function answerOf(events: readonly Received[], stored: Stored): Reply {
  const { content: text, reasoning, terminal } = fold(events);
  const failure = terminal?.type === 'error' ? terminal : undefined;

  return {
    ...{ terminal: terminal?.type ?? 'none', text, reasoning, events, stored },
    ...{ code: failure?.code, error: failure?.error, retryable: failure?.retryable },
    finishReason: terminal?.type === 'done' ? terminal.finish_reason : undefined,
  };
}

function refusal(status: number, { code, message }: Record<string, unknown>): Reply {
  return { ...NOTHING, terminal: 'rejected', status, code: String(code), error: String(message) };
}

/** A team for the case, or why there is none. */
async function makeTeam(
  api: Api,
  kase: ProviderCase,
  provider: CaseProvider,
): Promise<{ id: number; refusal?: Reply }> {
  const name = `case-${kase.id}`.slice(0, 90);
  const create = async (path: string, row: object) => {
    const { status, body } = await api.post(path, row);

    return status < 300 ? { id: Number(body['id']) } : { id: 0, refusal: refusal(status, body) };
  };
  const settings = settingsOf(kase, provider);
  const { modelId, apiKey, baseUrl } = settings;
  let agentConfig: object = { bind_model: name };
  if (kase.provider === 'dify') {
    agentConfig = { env: { DIFY_API_KEY: `app-${KEY.slice(3)}`, DIFY_BASE_URL: `${provider.url}/v1`, ...kase.env } };
  } else if (kase.via === 'bot') {
    agentConfig = { env: { model: kase.provider, model_id: modelId, api_key: apiKey, base_url: baseUrl } };
  } else {
    const model = await create('/models', { name, provider: kase.provider, ...settings });
    if (model.refusal) return model;
  }
  const shell = kase.provider === 'dify' ? 'Dify' : 'Chat';
  const prompt = kase.system ?? 'Be brief.';
  const bot = await create('/bots', { name, shell_name: shell, agent_config: agentConfig, system_prompt: prompt });

  return bot.refusal ? bot : create('/teams', { name, bots: [{ bot_id: bot.id }] });
}

function settingsOf({ model, provider: kind }: ProviderCase, { url, port }: CaseProvider) {
  const baseUrl = model?.baseUrl ?? (kind === 'openai' ? '{url}/v1' : '{url}');
  const placed = baseUrl.replaceAll('{url}', url).replaceAll('{port}', String(port));

  return { modelId: 'm', apiKey: KEY, ...model, baseUrl: placed };
}

async function testConnection(api: Api, kase: ProviderCase, provider: CaseProvider): Promise<string[]> {
  provider.serve(kase);
  const { modelId, apiKey, baseUrl } = settingsOf(kase, provider);
  const model = { provider_type: kase.provider, model_id: modelId, api_key: apiKey, base_url: baseUrl };
  const { status, body } = await api.post('/models/test-connection', model);
  const told = { ...NOTHING, terminal: body['success'] ? 'success' : 'failure', error: String(body['message']) };
  const reply = status === 200 ? told : refusal(status, body);
  const seen = { requests: provider.questions, connections: provider.connections };

  return differencesOf(kase.expect ?? {}, { ...reply, ...seen });
}
