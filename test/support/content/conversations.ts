import { generatedText } from '../../../tools/simulator/simulator.js';
import type { Api, ErrorBody, Reply, SubtaskBody, TaskBody } from '../api.js';
import { nth } from '../child.js';
import { script, type Stage } from '../stages/stage.js';

/** Script of a short answer, and its text. */
export const QUICK = 'tokens=2 rate=0';
export const ANSWER = generatedText(2);

type TaskReply = Promise<Reply<TaskBody & ErrorBody>>;

/** The first words of questions. */
export const wordsOf = (subtasks: readonly SubtaskBody[]): string[] =>
  subtasks.filter(({ role }) => role === 'USER').map(({ prompt }) => firstWord(prompt));

const firstWord = (text: unknown): string => String(text).split(' ')[0] ?? '';

/** Tasks with short turns, whose questions are named by their first words. */
export class Conversations {
  constructor(
    private readonly stage: Stage,
    private readonly api: Api,
  ) {}

  /** A task with a turn per word, whose answers have ended. @returns its id */
  async add(...words: string[]): Promise<number> {
    const [first = '', ...more] = words;
    const { taskId } = await this.api.turn(script(QUICK, first));
    for (const word of more) await this.say(taskId, word);

    return taskId;
  }

  say(taskId: number, word: string) {
    return this.api.turn({ task_id: taskId, prompt: script(QUICK, word) });
  }

  create(taskId: number, body: object = {}, headers?: Record<string, string>): TaskReply {
    return this.api.post(`/tasks/${taskId}/versions`, body, headers);
  }

  show(taskId: number, subtaskId = 0): TaskReply {
    return this.api.call('PUT', `/tasks/${taskId}/versions`, { subtask_id: subtaskId });
  }

  branch(taskId: number, body: object = {}): TaskReply {
    return this.api.post(`/tasks/${taskId}/branch`, body);
  }

  /** Runs a turn again to its end. @returns its question */
  async version(taskId: number, body: object = {}): Promise<SubtaskBody> {
    const { status, text } = await this.create(taskId, body);
    if (status !== 201) throw new Error(`HTTP ${status} ${text}`);
    await (await this.api.attach(taskId)).untilClosed();

    return nth(await this.questions(taskId), -1);
  }

  async questions(taskId: number): Promise<SubtaskBody[]> {
    return (await this.api.task(taskId)).subtasks.filter(({ role }) => role === 'USER');
  }

  async shown(taskId: number): Promise<string[]> {
    return wordsOf(await this.questions(taskId));
  }

  /** What a model was asked last: the first words of questions, and answers. */
  lastAsked(): unknown[] {
    const body = this.stage.simulator.requests.at(-1)?.body as { messages: { role: string; content: unknown }[] };

    return body.messages.map(({ role, content }) => (role === 'user' ? firstWord(content) : content));
  }
}
