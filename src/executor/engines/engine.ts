import type { ErrorCode } from '../../common/app-error.js';
import type { Log, Redactor } from '../log.js';
import type { LiveEvent } from '../reporting/live-event.js';
import type { WorkItem } from '../tasks/work-item.js';

/** What an engine gets to answer a subtask with. */
export interface EngineTurn {
  work: WorkItem;
  /** Where it works. */
  directory: string;
  home: string;
  /** For its process; nothing secret yet. */
  env: NodeJS.ProcessEnv;
  /** The session of the leading bot in earlier turns. */
  sessionId: string | undefined;
  /** An earlier attempt at the same turn was interrupted. */
  isRepeated: boolean;
  /** Aborted: the engine ends all of its processes, and throws the reason. */
  signal: AbortSignal;
  emit: (event: LiveEvent) => void;
  /** The session to go on with next time; null: the one before is gone. */
  onSession: (id: string | null) => void;
  log: Log;
  hide: Redactor;
}

/** A program that answers: one for each shell type. */
export interface Engine {
  /** Resolves when the answer is whole. @throws EngineError when it fails */
  run(turn: EngineTurn): Promise<void>;
}

/** A failure, in the words of the user. */
export class EngineError extends Error {
  /** @param code one of the run error codes, where one fits */
  constructor(
    message: string,
    readonly code?: ErrorCode,
  ) {
    super(message);
  }
}
