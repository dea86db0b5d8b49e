import type { CapturedRequest } from '../../../tools/simulator/simulator.js';
import type { Api, SubtaskBody } from '../api.js';
import { addModel } from './models.js';
import type { Received } from '../streams/sse.js';
import type { Stage } from '../stages/stage.js';
import { addPipeline } from './teams.js';

let added = 0;

/** A team whose steps answer as the simulator's scripts say, the first by Claude, the next by OpenAI, and so on. */
export class Pipeline {
  private constructor(
    private readonly stage: Stage,
    readonly teamId: number,
    /** Names of the steps' models. */
    readonly models: readonly string[],
  ) {}

  /** @param scripts one per step, e.g. `tokens=5 rate=0` */
  static async add(stage: Stage, scripts: readonly string[]): Promise<Pipeline> {
    const name = `line${(added += 1)}`;
    const models: string[] = [];
    for (const [index, text] of scripts.entries()) {
      const provider = index % 2 === 0 ? 'claude' : 'openai';
      const baseUrl = `${stage.simulator.url}/${provider === 'claude' ? 'claude' : 'openai/v1'}`;
      const modelId = `sim:${text.replaceAll(' ', ',')}`;
      models.push(await addModel(stage.api, { name: `${name}-step${index + 1}`, provider, baseUrl, modelId }));
    }

    return new Pipeline(stage, await addPipeline(stage.api, name, models), models);
  }

  /** What the providers were asked for step `number`, from 1. */
  requests(number: number): CapturedRequest[] {
    const model = this.models[number - 1] ?? '';

    return this.stage.simulator.requests.filter(({ body }) => JSON.stringify(body).includes(`I am ${model}.`));
  }

  /** The answers in the database, in order. */
  async steps(taskId: number, api: Api = this.stage.api): Promise<SubtaskBody[]> {
    const { subtasks } = await api.task(taskId);

    return subtasks.filter(({ role }) => role === 'ASSISTANT');
  }
}

/** The text of each answer of a stream, by its subtask, as the contract says. */
export function textsOf(events: readonly Received[]): Map<number, string> {
  const texts = new Map<number, string>();
  let current = 0;
  for (const { subtaskId, data } of events) {
    if (data.type === 'reset') texts.clear();
    if (data.type === 'start') current = data.subtask_id;
    if (data.type === 'resync') current = data.subtask_id ?? subtaskId;
    if (data.type === 'start') texts.set(current, '');
    if (data.type === 'resync' || data.type === 'replace') texts.set(current, data.content);
    if (data.type === 'content') texts.set(current, (texts.get(current) ?? '') + data.content);
  }

  return texts;
}

/** The events in short: their types, neighbours of one type as one, with the steps that begin by their place. */
export function shapeOf(events: readonly Received[]): string {
  const starts = [...new Set(events.flatMap(({ data }) => (data.type === 'start' ? [data.subtask_id] : [])))];
  const names = events.map(({ data }) =>
    data.type === 'start' ? `start${starts.indexOf(data.subtask_id) + 1}` : data.type,
  );

  return names.filter((name, index) => name !== names[index - 1]).join(' ');
}
