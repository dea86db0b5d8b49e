import { describe, expect, it } from '@jest/globals';
import { placesOf, type TreeMessage, type TreeTurn, TurnTree } from './turn-tree.js';

/** Turns with one answer each, which follow the turn of the given number, from 1; 0 for a first one. */
function treeOf(before: number[], activeTurn: number | null = null): TurnTree {
  const messages = before.flatMap((turn, index): TreeMessage[] => {
    const messageId = 2 * index + 1;

    return [
      { id: 100 + messageId, messageId, parentId: 2 * turn, role: 'USER' },
      { id: 101 + messageId, messageId: messageId + 1, parentId: messageId, role: 'ASSISTANT' },
    ];
  });

  return new TurnTree(messages, activeTurn);
}

const numbers = (turns: TreeTurn[]) => turns.map(({ place }) => (place + 1) / 2);

function turn(tree: TurnTree, number: number): TreeTurn {
  const found = tree.turns[number - 1];
  if (!found) throw new Error(`there is no turn ${number}`);

  return found;
}

describe('the tree of turns', () => {
  it('is a line without versions', () => {
    const tree = treeOf([0, 1, 2]);

    expect(numbers(tree.path)).toEqual([1, 2, 3]);
    expect(tree.versionOf(turn(tree, 2))).toEqual({ index: 1, subtaskIds: [103] });
  });

  it('shows the newest version, with the turns before it only', () => {
    const tree = treeOf([0, 1, 2, 1]);

    expect(numbers(tree.path)).toEqual([1, 4]);
    expect(placesOf(tree.path)).toEqual([1, 2, 7, 8]);
    expect(tree.versionOf(turn(tree, 4))).toEqual({ index: 2, subtaskIds: [103, 107] });
  });

  it('shows the path to the active turn', () => {
    expect(numbers(treeOf([0, 1, 2, 1], 5).path)).toEqual([1, 2, 3]);
    expect(numbers(treeOf([0, 1, 2, 1, 3], 9).path)).toEqual([1, 2, 3, 5]);
  });

  it('has versions of the first turn', () => {
    const tree = treeOf([0, 1, 0, 3]);

    expect(numbers(tree.path)).toEqual([3, 4]);
    expect(tree.versionOf(turn(tree, 1))).toEqual({ index: 1, subtaskIds: [101, 105] });
  });

  it('finds the newest turn below another', () => {
    const tree = treeOf([0, 1, 2, 1, 4, 2]);

    expect(numbers([1, 2, 3, 4].map((number) => tree.newestBelow(turn(tree, number))))).toEqual([6, 6, 3, 5]);
  });

  it('finds turns by their questions and answers', () => {
    const tree = treeOf([0, 1]);

    expect([tree.turnOf(103), tree.turnOf(104)]).toEqual([turn(tree, 2), turn(tree, 2)]);
    expect(tree.turnOf(1)).toBeUndefined();
  });

  it('keeps the answers of a pipeline together', () => {
    const tree = new TurnTree(
      (['USER', 'ASSISTANT', 'ASSISTANT', 'USER', 'ASSISTANT'] as const).map((role, index) => ({
        ...{ id: index + 1, messageId: index + 1, parentId: index, role },
      })),
      null,
    );

    expect(tree.path.map(({ messages }) => messages.map(({ id }) => id))).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('ends whatever the rows say', () => {
    expect(new TurnTree([], null).path).toEqual([]);
    expect(treeOf([0], 99).path).toEqual([]);
    expect(numbers(treeOf([1, 2]).path)).toEqual([2]);
    expect(new TurnTree([{ id: 1, messageId: 1, parentId: 0, role: 'ASSISTANT' }], null).path).toHaveLength(1);
  });
});
