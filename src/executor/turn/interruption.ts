/** Why a turn ends before its answer is whole. */
export type InterruptionKind =
  /** The user has cancelled it. */
  | 'cancelled'
  /** The subtask has ended, or belongs to another executor. */
  | 'lost'
  /** The container is being stopped. */
  | 'stopped';

const MESSAGES: Record<InterruptionKind, string> = {
  cancelled: 'Cancelled',
  lost: 'The subtask is no longer this executor’s',
  stopped: 'The executor is being stopped',
};

/** The reason of the signal that ends a turn. */
export class Interruption extends Error {
  constructor(
    readonly kind: InterruptionKind,
    detail?: string,
  ) {
    super(detail === undefined ? MESSAGES[kind] : `${MESSAGES[kind]} (${detail})`);
  }
}
