import type { SubtaskRow } from './answer-turn.js';

/** A message of a task, as far as the tree of its turns depends on it. */
export type TreeMessage = Pick<SubtaskRow, 'id' | 'messageId' | 'parentId' | 'role'>;

/** A question with its answers. */
export interface TreeTurn {
  /** Position of its first message, by which it is named within its task. */
  place: number;
  /** Position of the last message of the turn before it; 0 for the first turn of a path. */
  parentId: number;
  /** In order; the first one is the question. */
  messages: TreeMessage[];
}

/** Which version of its question a turn is. */
export interface TurnVersion {
  /** From 1, in the order of asking. */
  index: number;
  /** The questions of all versions. */
  subtaskIds: number[];
}

/**
 * The turns of a task as a tree: turns that follow the same turn are versions of each other. A path goes from a first turn
 * to one that is shown last; the messages of all other turns are not part of that conversation. Pure.
 */
export class TurnTree {
  /** In the order of storing, which puts each turn behind the one that it follows. */
  readonly turns: TreeTurn[] = [];
  private readonly byMessage = new Map<number, TreeTurn>();

  /**
   * @param messages all of the task, in their order
   * @param activeTurn place of the last turn of the path that is shown; null for the newest turn
   */
  constructor(
    messages: readonly TreeMessage[],
    private readonly activeTurn: number | null,
  ) {
    for (const message of messages) this.add(message);
  }

  /** The turns that are shown, oldest first. */
  get path(): TreeTurn[] {
    return this.pathTo(this.activeTurn ?? this.turns.at(-1)?.place ?? 0);
  }

  /** Returns the turns up to the one at a place, oldest first; none when there is no such turn. */
  pathTo(place: number): TreeTurn[] {
    const path: TreeTurn[] = [];
    let turn = this.byMessage.get(place);
    while (turn) {
      path.push(turn);
      turn = this.before(turn);
    }

    return path.reverse();
  }

  /** Returns the turn that a question or an answer belongs to. */
  turnOf(subtaskId: number): TreeTurn | undefined {
    return this.turns.find(({ messages }) => messages.some(({ id }) => id === subtaskId));
  }

  /** Returns which version of its question a turn is. */
  versionOf(turn: TreeTurn): TurnVersion {
    const versions = this.turns.filter(({ parentId }) => parentId === turn.parentId);

    return { index: versions.indexOf(turn) + 1, subtaskIds: versions.flatMap(({ messages }) => messages[0]?.id ?? []) };
  }

  /** Returns the turn that was stored last among a turn and those that follow it. */
  newestBelow(turn: TreeTurn): TreeTurn {
    const below = new Set([turn]);
    let newest = turn;
    for (const candidate of this.turns) {
      const before = this.before(candidate);
      if (!before || !below.has(before)) continue;
      below.add(candidate);
      newest = candidate;
    }

    return newest;
  }

  private add(message: TreeMessage): void {
    let turn = this.turns.at(-1);
    if (!turn || message.role === 'USER') {
      turn = { place: message.messageId, parentId: message.parentId, messages: [] };
      this.turns.push(turn);
    }
    turn.messages.push(message);
    this.byMessage.set(message.messageId, turn);
  }

  /** A turn only follows an older one, whatever the rows say: a path always ends. */
  private before({ place, parentId }: TreeTurn): TreeTurn | undefined {
    return parentId < place ? this.byMessage.get(parentId) : undefined;
  }
}

/** Returns the positions of the messages of some turns. */
export function placesOf(turns: readonly TreeTurn[]): number[] {
  return turns.flatMap(({ messages }) => messages.map(({ messageId }) => messageId));
}
