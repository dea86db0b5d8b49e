import type { Api, SubtaskBody } from '../api.js';
import { nth } from '../child.js';
import { addDifyBot, difyRuns } from './dify.js';
import { type Dispatched, ExecutorApi } from '../executors/executors.js';
import { addModel, TEST_KEY } from './models.js';
import type { Stage } from '../stages/stage.js';
import { add } from './teams.js';

/** Who gives a step: a model, a Dify app (of a mode), or an executor. */
export type StepKind = 'chat' | 'workflow' | 'code';

let added = 0;

/** A pipeline whose steps have backends of several kinds. */
export class MixedLine {
  private constructor(
    private readonly stage: Stage,
    readonly teamId: number,
    private readonly kinds: readonly StepKind[],
    /** What tells the requests of a step from others. */
    private readonly keys: readonly string[],
  ) {}

  /** @param scripts what the simulator answers, one per step; those of executors are not used */
  static async add(stage: Stage, kinds: readonly StepKind[], scripts: readonly string[]): Promise<MixedLine> {
    const name = `mixed${(added += 1)}`;
    const keys = kinds.map((kind, index) => `app-${name}-${index}-${kind}`);
    const bots: { bot_id: number }[] = [];
    for (const [index, kind] of kinds.entries()) {
      bots.push({ bot_id: await addBot(stage, kind, nth(keys, index), nth(scripts, index)) });
    }
    const teamId = await add(stage.api, '/teams', { name, bots, workflow: { mode: 'pipeline' } });

    return new MixedLine(stage, teamId, kinds, keys);
  }

  /** Bodies of what the provider of a step was asked, from 1. */
  asked(number: number): unknown[] {
    const key = nth(this.keys, number - 1);
    if (nth(this.kinds, number - 1) === 'workflow') return difyRuns(this.stage, key);

    return this.stage.simulator.requests.map(({ body }) => body).filter((body) => JSON.stringify(body).includes(key));
  }

  /** The answers in the database, in order. */
  async steps(taskId: number, api: Api = this.stage.api): Promise<SubtaskBody[]> {
    const { subtasks } = await api.task(taskId);

    return subtasks.filter(({ role }) => role === 'ASSISTANT').slice(-this.kinds.length);
  }

  /** An executor with its own token, at one of the replicas. */
  executorOf({ auth_token: token }: Dispatched, replica = 0): ExecutorApi {
    return new ExecutorApi(this.stage.server(replica).api, token);
  }
}

async function addBot(stage: Stage, kind: StepKind, key: string, script: string): Promise<number> {
  const { api, simulator } = stage;
  const bot = { name: key, system_prompt: `I am ${key}.` };
  if (kind === 'workflow') return addDifyBot(stage, api, key, { DIFY_PARAMS: { script: `[sim ${script}]` } });
  if (kind === 'code') {
    const env = { model: 'claude', model_id: 'claude-x', api_key: TEST_KEY };

    return add(api, '/bots', { ...bot, shell_name: 'ClaudeCode', agent_config: { env } });
  }
  const modelId = `sim:${script.replaceAll(' ', ',')}`;
  const model = await addModel(api, { name: key, baseUrl: `${simulator.url}/openai/v1`, modelId });

  return add(api, '/bots', { ...bot, shell_name: 'Chat', agent_config: { bind_model: model } });
}
