import type { ContainerSession } from '../runtime/container-runtime.js';
import type { ClaimedWork } from './claimed-work.js';
import type { Claim } from './task-api.js';

/** Why a run is ended before its executor works. */
export type AbortReason = 'cancelled' | 'lost' | 'stopping';

/** Thrown by the preparation of a run that is ended. */
export class RunAborted extends Error {
  constructor(readonly reason: AbortReason) {
    super(`the run was ended: ${reason}`);
    this.name = 'RunAborted';
  }
}

/** One claimed subtask, from its claim until the API says that it has ended. Occupies a slot meanwhile. */
export class ExecutorRun {
  /** `preparing`: its container does not have the work yet. */
  state: 'preparing' | 'working' | 'ended';
  /** What is being done for it, in words. */
  stage = 'Its container is prepared';
  /** When it was to be cancelled, in milliseconds since the epoch. */
  cancelledAt: number | null = null;
  /** When its container was found ended. */
  deadSince: number | null = null;
  session: ContainerSession | null = null;
  /** Whether the connection to its container has ended, which is the first sign of the container's end. */
  isDisconnected = false;
  private readonly controller = new AbortController();

  /** @param work null for one that an earlier process of the manager has begun */
  constructor(
    readonly claim: Claim,
    readonly work: ClaimedWork | null,
  ) {
    this.state = work ? 'preparing' : 'working';
  }

  /** Aborted when its preparation is to end. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Its container has this input. */
  connect(session: ContainerSession): void {
    this.session = session;
    void session.ended.then(() => (this.isDisconnected = true));
  }

  /** Ends the preparation. */
  abort(reason: AbortReason): void {
    this.controller.abort(new RunAborted(reason));
  }

  /** For the log. */
  toString(): string {
    const { taskId, subtaskId, executorName } = this.claim;

    return `task ${taskId} subtask ${subtaskId} container ${executorName}`;
  }
}
