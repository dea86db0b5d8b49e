import type { Schemas } from '../../../api/client';

export type Subtask = Schemas['SubtaskDto'];

type TurnRow = Pick<Subtask, 'id' | 'role' | 'message_id'>;

/** A question with its answers: a pipeline has one answer for each step. */
export interface Turn<Row = Subtask> {
  /** Of the question. */
  id: number;
  question: Row;
  answers: readonly Row[];
}

/** Sorts rows into turns, oldest first. Answers whose question is on another page are left out. */
export function turnsOf<Row extends TurnRow>(subtasks: readonly Row[]): Turn<Row>[] {
  const byId = new Map(subtasks.map((row) => [row.id, row]));
  const rows = inOrder([...byId.values()]);
  const turns: (Turn<Row> & { answers: Row[] })[] = [];
  for (const row of rows) {
    if (row.role === 'USER') turns.push({ id: row.id, question: row, answers: [] });
    else turns.at(-1)?.answers.push(row);
  }

  return turns;
}

/** Whether two turns show the same rows. Rows that did not change are the same objects, by the cache of queries. */
export const isSameTurn = (a: Turn, b: Turn): boolean =>
  a.question === b.question &&
  a.answers.length === b.answers.length &&
  a.answers.every((row, index) => row === b.answers[index]);

/** Whether rows are missing between older pages and the newest rows: a row names the one before it as its parent. */
export function hasGap(older: readonly Subtask[], newest: readonly Subtask[]): boolean {
  const [first] = inOrder(newest);
  if (older.length === 0 || !first || first.parent_id === 0) return false;

  return !older.some((row) => row.message_id === first.parent_id);
}

/**
 * Whether rows of two versions stand among each other: live events bring the question of a new version, but do not take
 * out the one that it replaces.
 */
export const hasTwoPaths = (rows: readonly Subtask[]): boolean =>
  inOrder(rows).some((row, index, all) => {
    const before = all[index - 1];

    return before !== undefined && row.role === 'USER' && row.parent_id !== before.message_id;
  });

const inOrder = <Row extends TurnRow>(rows: readonly Row[]) =>
  rows.toSorted((a, b) => a.message_id - b.message_id || a.id - b.id);

const PARAMS_BLOCK = /^\[EXTERNAL_API_PARAMS\][\s\S]*?\[\/EXTERNAL_API_PARAMS\]\n?/;

/** The question as it was written: older clients put the inputs of an app in front of it. */
export const questionText = (prompt: string): string => prompt.replace(PARAMS_BLOCK, '');
