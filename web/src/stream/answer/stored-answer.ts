import type { Schemas } from '../../api/client';
import { newPart, withParts } from './answer-parts';
import { type AnswerFailure, type AnswerPart, type AnswerPhase, type AnswerState, NO_ANSWER } from './answer-state';

/** What an answer needs of a subtask. */
export type StoredRow = Pick<Schemas['SubtaskDto'], 'id' | 'role' | 'status' | 'result' | 'error_message' | 'end'>;

/** What a subtask keeps of its answer. */
type StoredResult = Partial<NonNullable<StoredRow['result']>>;

const PHASES: Record<string, AnswerPhase> = {
  PENDING: 'sent',
  RUNNING: 'asking',
  CANCELLING: 'stopping',
  COMPLETED: 'done',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

/** Returns the answer of one turn as its rows have it. @param subtasks the turn's answers, in any order */
export function answerFromSubtasks(subtasks: readonly StoredRow[]): AnswerState {
  const rows = subtasks.filter(({ role }) => role === 'ASSISTANT').sort((a, b) => a.id - b.id);
  const deciding = rows.find(({ status }) => status !== 'COMPLETED') ?? rows.at(-1);
  if (!deciding) return NO_ANSWER;
  const shown = rows.filter(({ id, result }) => id <= deciding.id || result !== null);
  const state: AnswerState = {
    ...NO_ANSWER,
    phase: phaseOf(deciding),
    streamId: rows[0]?.id ?? null,
    suggestions: resultOf(deciding).suggestions ?? [],
    ...endOf(deciding),
  };

  return withParts(
    state,
    shown.map((row) => partOf(row)),
  );
}

/** Fills the gap that a resync has left: the steps before the one that it was about are whole in the database. */
export function withStoredParts(state: AnswerState, subtasks: readonly StoredRow[]): AnswerState {
  const current = state.parts.at(-1);
  if (!current || state.streamId === null) return state;
  const first = state.streamId;
  const stored = subtasks
    .filter(({ id, role }) => role === 'ASSISTANT' && id >= first && id < current.subtaskId)
    .sort((a, b) => a.id - b.id)
    .map((row) =>
      partOf(
        row,
        state.parts.find((part) => part.subtaskId === row.id),
      ),
    );

  return withParts({ ...state, hasGap: false }, [...stored, current]);
}

/** What the row tells of the end of its answer: figures, reasons, the proof of a stop. */
function endOf(
  row: StoredRow,
): Pick<AnswerState, 'usage' | 'elapsedMs' | 'firstTokenMs' | 'finishReason' | 'proof' | 'failure'> {
  const { usage = null, elapsed_ms: elapsedMs = null, first_token_ms: firstTokenMs = null } = resultOf(row);
  const { finish_reason: finishReason = null, proof = null } = row.end ?? {};

  return {
    usage,
    elapsedMs,
    firstTokenMs,
    finishReason,
    proof,
    failure: row.status === 'FAILED' ? failureOf(row) : null,
  };
}

/** Rows of executors without a stream know no code. */
function failureOf({ error_message, end }: StoredRow): AnswerFailure {
  const { code = 'unknown', retryable = true, provider_status } = end ?? {};

  return { error: error_message ?? '', code, retryable, ...(provider_status !== undefined && { provider_status }) };
}

function phaseOf(row: StoredRow): AnswerPhase {
  const phase = PHASES[row.status] ?? 'asking';
  if (phase !== 'asking') return phase;
  const { value = '', reasoning = '' } = resultOf(row);
  if (value !== '') return 'writing';

  return reasoning !== '' ? 'reasoning' : 'asking';
}

function partOf(row: StoredRow, known: AnswerPart = newPart(row.id)): AnswerPart {
  const { value = '', reasoning = '', steps = [], sources = [], files = [], model } = resultOf(row);

  return {
    ...known,
    model: model ?? known.model,
    content: value,
    reasoning,
    reasoningSince: null,
    steps,
    sources,
    files,
  };
}

const resultOf = ({ result }: StoredRow): StoredResult => result ?? {};
