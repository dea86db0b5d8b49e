import type { DifyFile } from '../../common/dify.js';
import type { JsonObject } from '../../common/json.js';
import type { TaskRow } from './answer-turn.js';

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
  /** One answer per entry, in order: its bots. */
  steps: number[][];
  /** Set when a direct chat run follows at once. */
  run: RunRequest | null;
  idempotency: { key: string; hash: string } | null;
  /** Whether executors answer it: then its first step enters the dispatch queue at once. */
  onExecutors?: boolean;
  /** Whether it repeats a turn that failed or was cancelled. */
  isRetry?: boolean;
}

/** Hours since its last change after which a task accepts no more turns, by its type; 0 = never. */
export type ExpireHours = Readonly<Record<NewTask['taskType'], number>>;
