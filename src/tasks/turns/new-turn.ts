import type { DifyFile } from '../../common/contracts/dify.js';
import type { JsonObject } from '../../common/text/json.js';
import type { SubtaskRow, TaskRow } from './answer-turn.js';
import type { TurnStep } from './turn-steps.js';

/** What a new task is made of, besides its first turn. */
export type NewTask = Pick<
  TaskRow,
  'title' | 'titleSource' | 'type' | 'taskType' | 'source' | 'gitUrl' | 'gitRepo' | 'gitRepoId'
> &
  Pick<TaskRow, 'gitDomain' | 'branchName' | 'modelId' | 'forceOverrideBotModel' | 'autoDeleteExecutor'>;

/** What the request of an answer chose besides its team. */
export interface RunChoice {
  /** Name of the model in place of the bot's. */
  modelId: string | null;
  /** Text that is added to the bot's prompt. */
  prompt: string | null;
  /** For apps: their inputs and files. */
  inputs?: JsonObject | null;
  files?: readonly DifyFile[] | null;
}

/** Returns what the request of a stored answer chose. */
export function choiceOf({ runModel, runPrompt, runInputs, runFiles }: SubtaskRow): RunChoice {
  return { modelId: runModel, prompt: runPrompt, inputs: runInputs, files: runFiles };
}

/** A direct chat to run. */
export interface RunRequest extends RunChoice {
  /** Refused when this many of the user's direct chats wait or run. */
  limit: number;
}

/** One turn: what the user says, and who answers. */
export interface NewTurn {
  userId: number;
  teamId: number;
  prompt: string;
  title: string;
  /** Its answers, in order; at least one. Executors may claim the first one at once if it is theirs. */
  steps: readonly TurnStep[];
  /** What a direct chat is to do with its answers: the first one is requested at once, unless it is for executors. */
  run: RunRequest | null;
  idempotency: { key: string; hash: string } | null;
  /** For executors: name of the model in place of the bots' and the task's. */
  modelId?: string | null;
  /** Whether it repeats a turn that failed or was cancelled. */
  isRetry?: boolean;
  /** Position of the message that it follows, 0 for none: by default the last one of the path that is shown. */
  parentId?: number;
  /** The queued prompt that it begins: stored only if that still waits, which it does not any more then. */
  followUpId?: number;
}

/** An answer of the tasks API that waits for its first stream. */
export interface UnrequestedAnswer {
  userId: number;
  taskId: number;
  subtaskId: number;
}

/** Ids of a stored turn; `subtaskId` is the first answer's. */
export interface StoredTurn {
  taskId: number;
  subtaskId: number;
  messageId: number;
  /** Of the question and of all answers, in order. */
  subtaskIds: number[];
}

/** Hours since its last change after which a task accepts no more turns, by its type; 0 = never. */
export type ExpireHours = Readonly<Record<NewTask['taskType'], number>>;
